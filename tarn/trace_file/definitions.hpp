// tarn/trace_file/definitions.hpp - what the numbers in operations stand for.
//
//     operation.stack ---> stacks:  a tree of return addresses ---> modules: the file of an address
//     scope, phase    ---> names
//                          notes:   what is to be said of the whole recording
//
// Threads:    one at a time.
// Failure:    std::bad_alloc; decode() returns false for bytes that are no such definitions, having
//             taken those in front of what is wrong.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tarn/trace_file/columns.hpp"
#include "tarn/trace_file/format.hpp"
#include "tarn/trace_file/stack_table.hpp"

namespace tarn::trace {

/// A part of the address space that shows a file.
struct Module {
  std::string path;
  std::string build_id;       // in hexadecimal; empty: none
  std::uint64_t address = 0;  // of its first byte
  std::uint64_t bytes = 0;
  std::uint64_t file_offset = 0;  // where in the file the first byte is

  friend bool operator==(const Module&, const Module&) = default;
};

struct Note {
  std::string key;
  std::string value;

  friend bool operator==(const Note&, const Note&) = default;
};

/// The key of the note that says of how many objects one is in the trace, with all that happens to
/// it: a number. Without it all are.
inline constexpr const char* sampling_note = "sampled_objects_one_in";

/// The key of the note that names a thread, in front of its number. The last one counts.
inline constexpr const char* thread_note = "thread.";

/// The sections that definitions lie in.
inline constexpr SectionKind definition_kinds[] = {SectionKind::notes, SectionKind::modules,
                                                   SectionKind::names, SectionKind::stacks};

class Definitions {
 public:
  StackTable stacks;
  std::vector<Module> modules;
  std::vector<Note> notes;

  /// Returns the number of the name, 1 or more, the same for the same text; 0, "no name", if that
  /// would be one more than definition_count_max.
  std::uint32_t add_name(std::string_view text);

  /// The text of a name; of a number that is none, nothing.
  [[nodiscard]] std::string_view name(std::uint64_t number) const noexcept;

  /// Of how many objects one is in the trace: what the note says, or 1.
  [[nodiscard]] std::uint64_t sampling() const noexcept;

  /// What threads are called, by their numbers, as far as notes say.
  [[nodiscard]] std::map<std::uint32_t, std::string> thread_names() const;

  /// How many there are of that kind.
  [[nodiscard]] std::uint32_t count(SectionKind kind) const noexcept;

  /// Appends the definition of that kind that was added as the `index`th, the first being 0.
  void encode(SectionKind kind, std::uint32_t index, Bytes& plain) const;

  /// Adds `count` definitions of that kind.
  [[nodiscard]] bool decode(SectionKind kind, std::uint32_t count, ByteView plain);

 private:
  [[nodiscard]] bool decode_one(SectionKind kind, ColumnCursor& cursor);
  [[nodiscard]] bool decode_stack(ColumnCursor& cursor);

  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> name_numbers_;
};

}  // namespace tarn::trace
