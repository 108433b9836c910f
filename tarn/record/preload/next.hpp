// tarn/record/preload/next.hpp - the allocator that the recorded program would have without us.
//
// Finding it takes dlsym(), which may allocate before there is an allocator: such blocks lie in a
// small memory of our own, and stay there.
//
//     next.malloc --> bootstrap memory          until resolve_next()
//                 --> libc, jemalloc, ...       from then on
//
// Threads:    resolved at the first call of all, when the program has one thread.
// Failure:    a function that the allocator does not have is null.

#pragma once

#include <cstddef>
#include <thread>  // pthread_t

#include "tarn/base/attributes.hpp"

namespace tarn::record {

struct Next {
  void* (*malloc)(std::size_t bytes);
  void* (*calloc)(std::size_t count, std::size_t bytes);
  void* (*realloc)(void* block, std::size_t bytes);
  void (*free)(void* block);
  int (*posix_memalign)(void** block, std::size_t alignment, std::size_t bytes) = nullptr;
  void* (*aligned_alloc)(std::size_t alignment, std::size_t bytes) = nullptr;
  void* (*memalign)(std::size_t alignment, std::size_t bytes) = nullptr;
  void* (*valloc)(std::size_t bytes) = nullptr;
  void* (*pvalloc)(std::size_t bytes) = nullptr;
  int (*dlclose)(void* library) = nullptr;
  int (*munmap)(void* address, std::size_t bytes) = nullptr;
  void* (*mremap)(void* address, std::size_t bytes, std::size_t new_bytes, int flags,
                  ...) = nullptr;
  int (*mprotect)(void* address, std::size_t bytes, int protection) = nullptr;
  int (*pthread_create)(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                        void* argument) = nullptr;
  int (*pthread_setname_np)(pthread_t thread, const char* name) = nullptr;
  int (*prctl)(int option, ...) = nullptr;
};

extern Next next;

/// Makes `next` the allocator's functions; nothing if it has done so.
void resolve_next() noexcept;

extern std::byte bootstrap_memory[];
inline constexpr std::size_t bootstrap_bytes = 65536;

/// Returns true for a block that only looks allocated, of which the allocator must not hear.
[[nodiscard]] TARN_HOT bool is_bootstrap(const void* block) noexcept {
  return static_cast<std::size_t>(static_cast<const std::byte*>(block) - bootstrap_memory) <
         bootstrap_bytes;
}

/// Copies what a block of the bootstrap memory holds, `bytes` bytes at most.
void copy_out_of_bootstrap(void* to, const void* block, std::size_t bytes) noexcept;

}  // namespace tarn::record
