#include "tarn/trace_file/definition_text.hpp"

#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "tarn/trace/text_line.hpp"

namespace tarn::trace {
namespace {

constexpr std::string_view hexadecimal_digits = "0123456789abcdef";

bool stands_for_itself(char character) noexcept {
  return character > ' ' && character <= '~' && character != '#' && character != '%';
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (stands_for_itself(character)) {
      result += character;
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    result.append({'%', hexadecimal_digits[byte / 16], hexadecimal_digits[byte % 16]});
  }
  return result;
}

bool unescape(std::string_view word, std::string& text) {
  text.clear();
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
      continue;
    }
    if (word.size() - i < 3) return false;
    const std::size_t high = hexadecimal_digits.find(word[i + 1]);
    const std::size_t low = hexadecimal_digits.find(word[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

std::string hexadecimal(std::uint64_t value) {
  char digits[17] = {};
  std::to_chars(digits, digits + 16, value, 16);
  return std::string("0x") + digits;
}

bool parse_number(std::string_view word, std::uint64_t& value) noexcept {
  const bool is_hexadecimal = word.starts_with("0x");
  if (is_hexadecimal) word.remove_prefix(2);
  const char* const end = word.data() + word.size();
  const auto [last, error] = std::from_chars(word.data(), end, value, is_hexadecimal ? 16 : 10);
  return error == std::errc() && last == end;
}

// The fields of one line, taken one by one; the first that is wrong stays as the error.
class FieldsOfLine {
 public:
  explicit FieldsOfLine(std::string_view line) : rest_(line) { kind_ = take_word(rest_); }

  [[nodiscard]] std::string_view kind() const noexcept { return kind_; }

  std::string text(std::string_view name) {
    const std::string_view word = take(name);
    std::string text;
    if (result_ && !unescape(word, text)) refuse(word, "no text: after % come two digits 0-9a-f");
    return text;
  }

  std::uint64_t number(std::string_view name) {
    const std::string_view word = take(name);
    std::uint64_t value = 0;
    if (result_ && !parse_number(word, value)) refuse(word, "no number");
    return value;
  }

  Result<void> end() {
    const std::string_view word = take_word(rest_);
    if (result_ && !word.empty()) refuse(word, "more than the line has");
    return result_;
  }

  void refuse(std::string_view word, const char* reason) {
    result_ = Error::make(ErrorCode::malformed, "'%s': %s", Quoted(word).text, reason);
  }

 private:
  std::string_view take(std::string_view name) {
    const std::string_view word = take_word(rest_);
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      return word.substr(name.size() + 1);
    }
    if (result_) {
      result_ = Error::make(ErrorCode::malformed, "'%s': expected %.*s=", Quoted(word).text,
                            static_cast<int>(name.size()), name.data());
    }
    return {};
  }

  std::string_view rest_;
  std::string_view kind_;
  Result<void> result_;
};

Result<void> expect_number(std::uint64_t given, std::uint32_t expected, const char* what) {
  if (expected == 0) {
    return Error::make(ErrorCode::malformed, "%s %llu: more, or deeper, than any trace can have",
                       what, static_cast<unsigned long long>(given));
  }
  if (given == expected) return {};
  return Error::make(ErrorCode::wrong_id,
                     "%s %llu is not the next one, which is %s %u, or is %s %u again", what,
                     static_cast<unsigned long long>(given), what, expected, what, expected);
}

Result<void> parse_stack(FieldsOfLine& fields, TraceWriter& writer) {
  const std::uint64_t number = fields.number("number");
  const std::uint64_t caller = fields.number("caller");
  const std::uint64_t address = fields.number("address");
  if (Result<void> end = fields.end(); !end) return end;
  if (caller > writer.definitions().stacks.count()) {
    return Error::make(ErrorCode::wrong_id, "stack %llu does not exist",
                       static_cast<unsigned long long>(caller));
  }
  const std::uint32_t added = writer.add_stack(static_cast<std::uint32_t>(caller), address);
  return expect_number(number, added, "stack");
}

Result<void> parse_module(FieldsOfLine& fields, TraceWriter& writer) {
  Module module;
  module.path = fields.text("path");
  module.build_id = fields.text("build_id");
  module.address = fields.number("address");
  module.bytes = fields.number("bytes");
  module.file_offset = fields.number("file_offset");
  if (Result<void> end = fields.end(); !end) return end;
  writer.add_module(module);
  return {};
}

Result<void> parse_name(FieldsOfLine& fields, TraceWriter& writer) {
  const std::uint64_t number = fields.number("number");
  const std::string text = fields.text("text");
  if (Result<void> end = fields.end(); !end) return end;
  return expect_number(number, writer.add_name(text), "name");
}

Result<void> parse_note(FieldsOfLine& fields, TraceWriter& writer) {
  const std::string key = fields.text("key");
  const std::string value = fields.text("value");
  if (Result<void> end = fields.end(); !end) return end;
  writer.add_note(key, value);
  return {};
}

struct DefinitionKind {
  std::string_view word;
  Result<void> (*parse)(FieldsOfLine&, TraceWriter&);
};

constexpr DefinitionKind kinds[] = {
    {"note", parse_note}, {"module", parse_module}, {"name", parse_name}, {"stack", parse_stack}};

const DefinitionKind* find_kind(std::string_view word) noexcept {
  for (const DefinitionKind& kind : kinds) {
    if (kind.word == word) return &kind;
  }
  return nullptr;
}

}  // namespace

void append_text(const Definitions& definitions, std::string& text) {
  for (const Note& note : definitions.notes) {
    text += "note key=" + escaped(note.key) + " value=" + escaped(note.value) + "\n";
  }
  for (const Module& module : definitions.modules) {
    text += "module path=" + escaped(module.path) + " build_id=" + escaped(module.build_id) +
            " address=" + hexadecimal(module.address) + " bytes=" + std::to_string(module.bytes) +
            " file_offset=" + std::to_string(module.file_offset) + "\n";
  }
  for (std::uint32_t number = 1; number <= definitions.count(SectionKind::names); ++number) {
    text += "name number=" + std::to_string(number) + " text=" + escaped(definitions.name(number)) +
            "\n";
  }
  for (std::uint32_t number = 1; number <= definitions.stacks.count(); ++number) {
    const StackCall& call = definitions.stacks[number];
    text += "stack number=" + std::to_string(number) + " caller=" + std::to_string(call.caller) +
            " address=" + hexadecimal(call.address) + "\n";
  }
}

bool is_definition(std::string_view line) noexcept { return find_kind(take_word(line)) != nullptr; }

Result<void> parse_definition(std::string_view line, TraceWriter& writer) {
  FieldsOfLine fields(line);
  return find_kind(fields.kind())->parse(fields, writer);
}

}  // namespace tarn::trace
