// tarn/os/unfinished_file.hpp - a file that goes if its process is stopped before it is whole.
//
//     create_unfinished_file(path) --> written ... --> end_unfinished_file(): it stays
//                                            |
//                                            +-- a signal that stops the process: it is deleted
//
// Threads:    one file at a time in a process.
// Failure:    -1, with errno set.

#pragma once

namespace tarn {

/// Creates the file `path`, which must not be there (EEXIST), and returns a descriptor to write to.
/// From then on SIGHUP, SIGINT, SIGQUIT and SIGTERM delete it before they end the process, each
/// unless it is ignored.
[[nodiscard]] int create_unfinished_file(const char* path) noexcept;

/// The file is whole, has another name, or is deleted: those signals end the process as they do.
void end_unfinished_file() noexcept;

}  // namespace tarn
