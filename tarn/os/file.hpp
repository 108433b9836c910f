// tarn/os/file.hpp - the two things a pool does to files when a lifetime ends.
//
// Threads:    any.
// Failure:    false, with errno set.

#pragma once

namespace tarn {

/// Closes `descriptor`. Afterwards it must not be used, also if the result is false: the system
/// has given it up before it found the error.
bool close_file(int descriptor) noexcept;

/// Removes the name `path` from the file system; returns true also if there was no such file.
bool delete_file(const char* path) noexcept;

}  // namespace tarn
