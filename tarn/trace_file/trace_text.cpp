#include "tarn/trace_file/trace_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "tarn/trace/operation_text.hpp"
#include "tarn/trace/text_line.hpp"
#include "tarn/trace_file/definition_text.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t piece_bytes = 65536;
constexpr std::size_t line_bytes_max = std::size_t{1} << 20;
constexpr std::string_view clock_start = "clock unit_ns=";

Result<void> write(std::string& text, Output& output) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  Result<void> written = output.write(ByteView(bytes, text.size()));
  text.clear();
  return written;
}

// The lines of an input, one by one.
class Lines {
 public:
  explicit Lines(Input& input) noexcept : input_(input) {}

  // Makes `line` the next one, without its newline; false: there is none.
  Result<bool> next(std::string_view& line) {
    std::size_t end = text_.find('\n', begin_);
    while (end == std::string::npos) {
      const Result<bool> more = read_piece();
      if (!more) return more.error();
      end = text_.find('\n', begin_);
      if (*more) continue;
      if (begin_ == text_.size()) return false;
      end = text_.size();
    }
    line = std::string_view{text_}.substr(begin_, end - begin_);
    begin_ = std::min(end + 1, text_.size());
    return true;
  }

 private:
  Result<bool> read_piece() {
    const Result<std::uint64_t> bytes = input_.bytes();
    if (!bytes) return bytes.error();
    text_.erase(0, begin_);
    begin_ = 0;
    if (text_.size() > line_bytes_max) {
      return Error::make(ErrorCode::malformed, "longer than any line can be");
    }
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(piece_bytes, *bytes - std::min(*bytes, offset_)));
    const std::size_t size_before = text_.size();
    text_.resize(size_before + count);
    auto* const piece = reinterpret_cast<std::uint8_t*>(text_.data() + size_before);
    if (Result<void> read = input_.read(offset_, {piece, count}); !read) return read.error();
    offset_ += count;
    return count != 0;
  }

  Input& input_;
  std::uint64_t offset_ = 0;
  std::string text_;
  std::size_t begin_ = 0;
};

// Takes lines and writes what they say; the clock must come before anything else.
class TextReader {
 public:
  explicit TextReader(Output& output) noexcept : output_(output) {}

  Result<void> take(std::string_view line) {
    if (!has_header_) return take_header(line);
    if (line.empty()) return {};
    if (line.starts_with(clock_start)) return take_clock(line);
    TraceWriter& target = writer();
    if (is_definition(line)) return parse_definition(line, target);
    const Result<Operation> operation = parse_operation(line);
    if (!operation) return operation.error();
    target.append(*operation);
    return target.status();
  }

  Result<void> close() {
    if (has_header_) return writer().close();
    return take_header("");
  }

 private:
  TraceWriter& writer() {
    if (!writer_) writer_.emplace(output_, time_unit_ns_);
    return *writer_;
  }

  Result<void> take_header(std::string_view line) {
    has_header_ = line == text_header;
    if (has_header_) return {};
    return Error::make(ErrorCode::malformed, "'%s': expected '%s'", Quoted(line).text,
                       text_header.data());
  }

  Result<void> take_clock(std::string_view line) {
    const std::string_view number = line.substr(clock_start.size());
    const char* const end = number.data() + number.size();
    std::uint32_t unit_ns = 0;
    const auto [last, error] = std::from_chars(number.data(), end, unit_ns);
    if (error == std::errc() && last == end && unit_ns != 0 && !writer_) {
      time_unit_ns_ = unit_ns;
      return {};
    }
    return Error::make(ErrorCode::malformed, "'%s': expected once, in front of all, of 1 or more",
                       Quoted(line).text);
  }

  Output& output_;
  bool has_header_ = false;
  std::uint32_t time_unit_ns_ = 1;
  std::optional<TraceWriter> writer_;
};

Result<void> take_lines(Lines& lines, TextReader& reader) {
  std::string_view line;
  for (std::size_t number = 1;; ++number) {
    Result<void> taken;
    const Result<bool> more = lines.next(line);
    if (more && !*more) return {};
    if (!more) taken = more.error();
    if (taken) taken = reader.take(without_blanks(without_comment(line)));
    if (!taken) {
      return Error::make(taken.error().code, "line %zu: %s", number, taken.error().message);
    }
  }
}

}  // namespace

Result<void> write_text(TraceReader& reader, Output& output) {
  std::string text(text_header);
  text += '\n';
  if (reader.time_unit_ns() != 1) {
    text.append(clock_start).append(std::to_string(reader.time_unit_ns())).append("\n");
  }
  append_text(reader.definitions(), text);
  for (;;) {
    if (Result<void> written = write(text, output); !written) return written;
    const auto section = reader.next();
    if (!section) return section.error();
    if (section->empty()) return {};
    for (const Operation& operation : *section) append_text(operation, text);
  }
}

Result<void> read_text(Input& input, Output& output) {
  Lines lines(input);
  TextReader reader(output);
  const Result<void> taken = take_lines(lines, reader);
  const Result<void> closed = reader.close();
  return taken ? closed : taken;
}

Result<bool> is_trace_text(Input& input) {
  constexpr std::string_view beginning = "tarn trace ";
  const Result<std::uint64_t> bytes = input.bytes();
  if (!bytes) return bytes.error();
  if (*bytes < beginning.size()) return false;
  std::array<std::uint8_t, beginning.size()> found{};
  if (Result<void> read = input.read(0, found); !read) return read.error();
  return std::equal(beginning.begin(), beginning.end(), found.begin());
}

}  // namespace tarn::trace
