// tarn/record/program_check.hpp - can a program be recorded? Told before it runs.
//
//     ELF, with an interpreter             its malloc() can be ours
//     ELF of 32 bits                       the library is of 64
//     ELF, without one                     statically linked: nothing can be put in front of it
//     ELF that defines malloc() itself     what it calls is its own, unseen
//     anything else, a script say          its interpreter may be recorded
//
// Threads:    any.
// Failure:    a file that can not be read is of an unknown kind.

#pragma once

#include <string>

namespace tarn::record {

enum class Recordable {
  yes,
  unknown,
  no_such_file,
  no_other_word_size,
  no_statically_linked,
  no_own_allocator
};

struct ProgramCheck {
  Recordable answer = Recordable::unknown;
  std::string symbol;  // the first function of an allocator that the program defines
  // Set-user-ID or set-group-ID: the system loads no library of a user with fewer rights into it.
  bool has_rights_of_owner = false;
};

/// Looks at the file `name`, or of that name in PATH. Reads its headers and its symbols.
[[nodiscard]] ProgramCheck check_program(const std::string& name);

}  // namespace tarn::record
