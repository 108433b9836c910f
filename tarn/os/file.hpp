// tarn/os/file.hpp - files by their descriptors: made, read, written, closed, deleted.
//
// Threads:    any.
// Failure:    false, or -1, with errno set.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

/// The descriptor of standard output.
inline constexpr int standard_output = 1;

/// Creates the file `path`, or empties it, and returns a descriptor to write to.
[[nodiscard]] int create_file(const char* path) noexcept;

/// Returns a descriptor to read the file `path` from. O_CLOEXEC, as is create_file()'s.
[[nodiscard]] int open_file(const char* path) noexcept;

/// Where files go that may be large: $TMPDIR, else /var/tmp, which unlike /tmp is on a disk.
[[nodiscard]] const char* temporary_folder() noexcept;

/// Creates a file in the folder `folder` that has no name, and returns a descriptor to read and
/// write it: it is gone with its last descriptor, however the process ends. Other processes of the
/// same user open it by its path_of_descriptor().
[[nodiscard]] int create_unnamed_file(const char* folder) noexcept;

/// Writes all `count` bytes, in as many pieces as the system wants.
[[nodiscard]] bool write_file(int descriptor, const void* bytes, std::size_t count) noexcept;

/// Writes all `count` bytes from `offset` on, whatever is there.
[[nodiscard]] bool write_file_at(int descriptor, std::uint64_t offset, const void* bytes,
                                 std::size_t count) noexcept;

/// Returns when no byte that was written waits for its way to the device, which then rests. After a
/// power cut it need not be there. Where the system has no such call, or lets nobody make it, true
/// at once.
[[nodiscard]] bool settle_file(int descriptor) noexcept;

/// Reads `count` bytes from `offset` on. A file that ends before is a failure with errno 0.
[[nodiscard]] bool read_file(int descriptor, std::uint64_t offset, void* bytes,
                             std::size_t count) noexcept;

/// Whether people read what is written there.
[[nodiscard]] bool is_terminal(int descriptor) noexcept;

/// The length of a file that one can seek in.
[[nodiscard]] std::int64_t file_bytes(int descriptor) noexcept;

/// Closes `descriptor`. Afterwards it must not be used, also if the result is false: the system
/// has given it up before it found the error.
bool close_file(int descriptor) noexcept;

/// Removes the name `path` from the file system; returns true also if there was no such file.
bool delete_file(const char* path) noexcept;

}  // namespace tarn
