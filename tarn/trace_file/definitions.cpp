#include "tarn/trace_file/definitions.hpp"

#include <charconv>

namespace tarn::trace {
namespace {

void append_text(Bytes& bytes, std::string_view text) {
  append_number(bytes, text.size());
  bytes.insert(bytes.end(), text.begin(), text.end());
}

std::string take_text(ColumnCursor& cursor) {
  const ByteView text = cursor.take(cursor.next());
  return {text.begin(), text.end()};
}

void append_module(Bytes& bytes, const Module& module) {
  append_text(bytes, module.path);
  append_text(bytes, module.build_id);
  append_number(bytes, module.address);
  append_number(bytes, module.bytes);
  append_number(bytes, module.file_offset);
}

Module take_module(ColumnCursor& cursor) {
  Module module;
  module.path = take_text(cursor);
  module.build_id = take_text(cursor);
  module.address = cursor.next();
  module.bytes = cursor.next();
  module.file_offset = cursor.next();
  return module;
}

}  // namespace

std::uint32_t Definitions::add_name(std::string_view text) {
  const auto found = name_numbers_.find(text);
  if (found != name_numbers_.end()) return found->second;
  if (names_.size() == definition_count_max) return 0;
  names_.emplace_back(text);
  const auto number = static_cast<std::uint32_t>(names_.size());
  name_numbers_.emplace(text, number);
  return number;
}

std::string_view Definitions::name(std::uint64_t number) const noexcept {
  return number - 1 < names_.size() ? std::string_view{names_[number - 1]} : std::string_view{};
}

std::uint64_t Definitions::sampling() const noexcept {
  std::uint64_t number = 1;
  for (const Note& note : notes) {
    if (note.key != sampling_note) continue;
    std::from_chars(note.value.data(), note.value.data() + note.value.size(), number);
  }
  return number == 0 ? 1 : number;
}

std::map<std::uint32_t, std::string> Definitions::thread_names() const {
  constexpr std::string_view prefix = thread_note;
  std::map<std::uint32_t, std::string> names;
  for (const Note& note : notes) {
    if (note.key.compare(0, prefix.size(), prefix) != 0) continue;
    std::uint32_t number = 0;
    const char* const end = note.key.data() + note.key.size();
    const auto parsed = std::from_chars(note.key.data() + prefix.size(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) names[number] = note.value;
  }
  return names;
}

std::uint32_t Definitions::count(SectionKind kind) const noexcept {
  if (kind == SectionKind::stacks) return stacks.count();
  if (kind == SectionKind::modules) return static_cast<std::uint32_t>(modules.size());
  if (kind == SectionKind::names) return static_cast<std::uint32_t>(names_.size());
  return static_cast<std::uint32_t>(notes.size());
}

// A stack is how far back its caller is and how far its address is from the caller's.
void Definitions::encode(SectionKind kind, std::uint32_t index, Bytes& plain) const {
  if (kind == SectionKind::stacks) {
    const StackCall& call = stacks[index + 1];
    append_number(plain, index + 1 - call.caller);
    append_number(plain, zigzag(call.address - stacks[call.caller].address));
  } else if (kind == SectionKind::modules) {
    append_module(plain, modules[index]);
  } else if (kind == SectionKind::names) {
    append_text(plain, names_[index]);
  } else {
    append_text(plain, notes[index].key);
    append_text(plain, notes[index].value);
  }
}

bool Definitions::decode(SectionKind kind, std::uint32_t count, ByteView plain) {
  if (plain.empty()) return count == 0;
  ColumnCursor cursor(plain);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!decode_one(kind, cursor)) return false;
  }
  return cursor.is_at_end();
}

bool Definitions::decode_one(SectionKind kind, ColumnCursor& cursor) {
  if (kind == SectionKind::stacks) return decode_stack(cursor);
  if (kind == SectionKind::modules) {
    Module module = take_module(cursor);
    if (!cursor.has_failed()) modules.push_back(std::move(module));
  } else if (kind == SectionKind::names) {
    const std::string text = take_text(cursor);
    const std::size_t count_before = names_.size();
    if (!cursor.has_failed()) return add_name(text) == count_before + 1;
  } else {
    std::string key = take_text(cursor);
    std::string value = take_text(cursor);
    if (!cursor.has_failed()) notes.push_back({std::move(key), std::move(value)});
  }
  return !cursor.has_failed();
}

bool Definitions::decode_stack(ColumnCursor& cursor) {
  const std::uint32_t number = stacks.count() + 1;
  const std::uint64_t distance = cursor.next();
  const std::uint64_t difference = cursor.next();
  if (cursor.has_failed() || distance == 0 || distance > number) return false;
  const auto caller = static_cast<std::uint32_t>(number - distance);
  return stacks.add(caller, stacks[caller].address + unzigzag(difference)) == number;
}

}  // namespace tarn::trace
