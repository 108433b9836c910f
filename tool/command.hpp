// tool/command.hpp - the sub-commands of `tarn`, one file each.
//
//     tarn [--help] COMMAND [OPTIONS] ...        exit codes: 0 done
//                                                            1 not done; stderr says why
//                                                            2 the command line is wrong
//
// An add_x() function declares its options and says what is to be done once they are parsed, which
// throws CommandError when it can not be done.
//
// Threads:    main's.
// Failure:    CommandError, which main() prints.

#pragma once

#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

namespace tarn::tool {

/// Why a command was not done, and what the user can do.
class CommandError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `tarn record`: runs a program, of which `exit_code` becomes the end.
void add_record(CLI::App& app, int& exit_code);

/// `tarn convert`: one form of a trace into another.
void add_convert(CLI::App& app);

/// `tarn replay`: a recorded program against one allocator after the other.
void add_replay(CLI::App& app);

/// `tarn doctor`: looks whether programs can be recorded; 1 in `exit_code` if not.
void add_doctor(CLI::App& app, int& exit_code);

/// `tarn stat`: what a trace says of a program.
void add_stat(CLI::App& app);

}  // namespace tarn::tool
