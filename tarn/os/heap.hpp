// tarn/os/heap.hpp - what the heap of this process tells of itself, whichever it is.
//
// Threads:    any.
// Failure:    none.

#pragma once

#include <cstddef>

namespace tarn {

/// Returns how many bytes of a block of malloc() may be used; 0 of null.
[[nodiscard]] std::size_t usable_heap_bytes(const void* block) noexcept;

/// Returns the file of the library that malloc() is in, as the linker found it.
[[nodiscard]] const char* heap_library() noexcept;

/// Returns the folder of the C library, without a slash at its end. Only the calling thread may
/// use it, until it asks again.
[[nodiscard]] const char* c_library_folder() noexcept;

/// Has the heap of this process keep what is freed for what is wanted next: blocks of up to 32 MiB,
/// and up to 64 MiB at its end. By itself it gives back what is more than twice the largest block
/// that it has mapped and freed. Of the C library's heap alone.
void keep_freed_memory() noexcept;

/// Writes who the heap is by its own word, "5.3.0" say, and otherwise the file it is in.
void write_heap_version(char* text, std::size_t text_bytes) noexcept;

}  // namespace tarn
