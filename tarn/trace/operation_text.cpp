#include "tarn/trace/operation_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "tarn/trace/operation_fields.hpp"
#include "tarn/trace/text_line.hpp"

namespace tarn::trace {
namespace {

// A number that has a word of its own in one field.
struct NamedValue {
  Field field;
  std::string_view word;
  std::uint64_t value;
};
constexpr std::array<NamedValue, 3> named_values = {{
    {Field::limit, "none", unlimited},
    {Field::retain, "everything", unlimited},
    {Field::retain, "nothing", 0},
}};

bool find_kind(std::string_view word, Kind& kind) noexcept {
  for (std::size_t i = 0; i < kind_count; ++i) {
    kind = static_cast<Kind>(i);
    if (word == shape_of(kind).word) return true;
  }
  return false;
}

bool find_field(std::string_view word, Kind kind, Field& field) noexcept {
  for (std::size_t i = 0; i < field_count; ++i) {
    field = static_cast<Field>(i);
    if (has_field(kind, field) && word == shape_of(field).word) return true;
  }
  return false;
}

bool parse_value(std::string_view word, Field field, std::uint64_t& value) noexcept {
  for (const NamedValue& named : named_values) {
    if (named.field == field && named.word == word) {
      value = named.value;
      return true;
    }
  }
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

Error unknown_kind(std::string_view word) {
  std::string expected;
  for (std::size_t i = 0; i < kind_count; ++i) {
    if (i != 0) expected += ' ';
    expected += shape_of(static_cast<Kind>(i)).word;
  }
  return Error::make(ErrorCode::malformed, "'%s': expected one of %s", Quoted(word).text,
                     expected.c_str());
}

Error unknown_field(std::string_view word, Kind kind) {
  std::string expected;
  for (std::size_t i = 0; i < field_count; ++i) {
    const Field field = static_cast<Field>(i);
    if (has_field(kind, field)) expected.append(" ").append(shape_of(field).word).append("=");
  }
  return Error::make(ErrorCode::malformed, "'%s': expected%s", Quoted(word).text, expected.c_str());
}

Error wrong_value(std::string_view word, Field field) {
  const char* also = "";
  if (field == Field::limit) also = ", or none";
  if (field == Field::retain) also = ", or everything, or nothing";
  if (field == Field::alignment) {
    return Error::make(ErrorCode::malformed, "'%s': expected a power of two up to 2^63",
                       Quoted(word).text);
  }
  return Error::make(ErrorCode::malformed, "'%s': expected a number from 0 to %llu%s",
                     Quoted(word).text, static_cast<unsigned long long>(shape_of(field).value_max),
                     also);
}

// Which fields a line has given.
using Given = std::array<bool, field_count>;

Result<void> parse_field(std::string_view word, Operation& operation, Given& given) {
  const std::size_t name_length = word.find('=');
  Field field = Field::thread;
  if (name_length == std::string_view::npos ||
      !find_field(word.substr(0, name_length), operation.kind, field)) {
    return unknown_field(word, operation.kind);
  }
  bool& seen = given[static_cast<std::size_t>(field)];
  if (seen)
    return Error::make(ErrorCode::malformed, "'%s': the field is given twice", Quoted(word).text);
  seen = true;
  std::uint64_t value = 0;
  if (!parse_value(word.substr(name_length + 1), field, value) ||
      !set_field(operation, field, value)) {
    return wrong_value(word, field);
  }
  return {};
}

// Sets what was not given to its default.
Result<void> complete(Operation& operation, const Given& given) {
  for (const Field field : shape_of(operation.kind).fields) {
    if (given[static_cast<std::size_t>(field)]) continue;
    const FieldShape& shape = shape_of(field);
    if (!shape.has_default || !set_field(operation, field, shape.default_value)) {
      return Error::make(ErrorCode::malformed, "'%s': expected %s= as well",
                         shape_of(operation.kind).word, shape.word);
    }
  }
  return {};
}

void append_field(const Operation& operation, Field field, std::string& text) {
  const FieldShape& shape = shape_of(field);
  const std::uint64_t value = field_value(operation, field);
  if (shape.has_default && value == shape.default_value) return;
  text.append(" ").append(shape.word).append("=");
  for (const NamedValue& named : named_values) {
    if (named.field == field && named.value == value) {
      text.append(named.word);
      return;
    }
  }
  text.append(std::to_string(value));
}

}  // namespace

void append_text(const Operation& operation, std::string& text) {
  const KindShape& shape = shape_of(operation.kind);
  text.append(shape.word);
  for (const Field field : shape.fields) append_field(operation, field, text);
  append_field(operation, Field::thread, text);
  append_field(operation, Field::time_ns, text);
  append_field(operation, Field::stack, text);
  text.append("\n");
}

std::string to_text(const Program& program) {
  std::string text(text_header);
  text.append("\n");
  for (const Operation& operation : program) append_text(operation, text);
  return text;
}

Result<Operation> parse_operation(std::string_view line) {
  std::string_view rest = without_comment(line);
  const std::string_view kind_word = take_word(rest);
  Operation operation;
  if (!find_kind(kind_word, operation.kind)) return unknown_kind(kind_word);
  Given given{};
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    if (Result<void> field = parse_field(word, operation, given); !field) return field.error();
  }
  if (Result<void> completed = complete(operation, given); !completed) return completed.error();
  return operation;
}

Result<Program> parse_program(std::string_view text) {
  Program program;
  for (std::size_t line_number = 1; line_number == 1 || !text.empty(); ++line_number) {
    const std::string_view whole_line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole_line.size() + 1, text.size()));
    const std::string_view line = without_blanks(without_comment(whole_line));
    if (line_number == 1) {
      if (line == text_header) continue;
      return Error::make(ErrorCode::malformed, "line 1: '%s': expected '%s'", Quoted(line).text,
                         text_header.data());
    }
    if (line.empty()) continue;
    const Result<Operation> operation = parse_operation(line);
    if (!operation)
      return Error::make(ErrorCode::malformed, "line %zu: %s", line_number,
                         operation.error().message);
    program.push_back(*operation);
  }
  return program;
}

}  // namespace tarn::trace
