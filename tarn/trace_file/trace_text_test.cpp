// Goal: the two forms turn into each other without loss, and text that is wrong is refused with its
// line. Method: random traces, binary to text to binary to text; each definition with bytes that
// need an escape; each error by its message; lines at the seams of the pieces that are read.

#include "tarn/trace_file/trace_text.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tarn/trace/operation_text.hpp"
#include "tarn/trace_file/trace_writer.hpp"
#include "testing/operation_program.hpp"
#include "testing/random_operation.hpp"
#include "testing/seed.hpp"

namespace tarn::trace {
namespace {

Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::string text_of(const Bytes& file) {
  MemoryInput input(file);
  TraceReader reader(input);
  EXPECT_TRUE(reader.open());
  MemoryOutput output;
  const Result<void> written = write_text(reader, output);
  EXPECT_TRUE(written) << written.error().message;
  return {output.content().begin(), output.content().end()};
}

Bytes file_of(const std::string& text) {
  const Bytes bytes = to_bytes(text);
  MemoryInput input(bytes);
  MemoryOutput output;
  const Result<void> read = read_text(input, output);
  EXPECT_TRUE(read) << read.error().message;
  return output.content();
}

std::string message_of(const std::string& text) {
  const Bytes bytes = to_bytes(text);
  MemoryInput input(bytes);
  MemoryOutput output;
  const Result<void> read = read_text(input, output);
  return read ? "no error" : read.error().message;
}

std::string message_of_line(const std::string& line) {
  const std::string message = message_of("tarn trace 1\n" + line + "\n");
  EXPECT_EQ(message.substr(0, 8), "line 2: ");
  return message.substr(std::min<std::size_t>(8, message.size()));
}

TEST(TraceText, IsReadable) {
  const std::string text =
      "tarn trace 1\n"
      "clock unit_ns=16\n"
      "note key=command value=sleep%201\n"
      "module path=/usr/bin/sleep build_id=0123abcd address=0x400000 bytes=8192 file_offset=4096\n"
      "name number=1 text=request\n"
      "stack number=1 caller=0 address=0x401000\n"
      "stack number=2 caller=1 address=0x401010\n"
      "scope_begin scope=1 name=1\n"
      "allocate block=1 bytes=100 time_ns=32 stack=2\n"
      "scope_end scope=1 time_ns=48\n";
  EXPECT_EQ(text_of(file_of(text)), text);
}

TEST(TraceText, RandomTracesComeBack) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    std::mt19937_64 random(test_seed() + i);
    MemoryOutput output;
    TraceWriter writer(output);
    for (int n = 0; n < 200; ++n) {
      std::string text(random() % 5, ' ');
      for (char& character : text) character = static_cast<char>(random());
      writer.add_name(text);
      writer.add_note(text, text);
      writer.add_module({text, text, random(), random(), random()});
      const std::uint32_t stack_count = writer.definitions().stacks.count();
      writer.add_stack(static_cast<std::uint32_t>(random() % (stack_count + 1)), random() % 4);
      writer.append(random_operation(random));
    }
    for (const Operation& operation : random_program(i, 100, Alphabet::full())) {
      writer.append(operation);
    }
    ASSERT_TRUE(writer.close());
    const std::string text = text_of(output.content());
    ASSERT_EQ(text_of(file_of(text)), text);
    // All is in one section of each kind, so the files are the same as well.
    ASSERT_EQ(file_of(text), output.content());
  }
}

TEST(TraceText, LinesCrossPieces) {
  std::string text = "tarn trace 1\n";
  for (int i = 0; i < 30000; ++i) text += "phase name=" + std::to_string(i + 1) + "\n";
  EXPECT_EQ(text_of(file_of(text)), text);
  text.pop_back();  // the last line need not end
  EXPECT_EQ(text_of(file_of(text)), text + "\n");
}

TEST(TraceText, CommentsAndBlankLinesAreNothing) {
  EXPECT_EQ(text_of(file_of("tarn trace 1 # by hand\r\n\n  # a phase\nphase name=3 # this\n")),
            "tarn trace 1\nphase name=3\n");
}

TEST(TraceText, ReadsWhatParseProgramReads) {
  const Program program = random_program(test_seed(), 300, Alphabet::full());
  EXPECT_EQ(text_of(file_of(to_text(program))), to_text(program));
}

TEST(TraceText, ErrorsNameTheLine) {
  EXPECT_EQ(message_of(""), "'': expected 'tarn trace 1'");
  EXPECT_EQ(message_of("tarn trace 2\n"), "line 1: 'tarn trace 2': expected 'tarn trace 1'");
  EXPECT_EQ(message_of_line("phase nme=1").substr(0, 17), "'nme=1': expected");
  EXPECT_EQ(message_of_line("stack number=1"), "'': expected caller=");
  EXPECT_EQ(message_of_line("stack caller=0"), "'caller=0': expected number=");
  EXPECT_EQ(message_of_line("stack number=1 caller=0 address=0xg"), "'0xg': no number");
  EXPECT_EQ(message_of_line("stack number=1 caller=7 address=1"), "stack 7 does not exist");
  EXPECT_EQ(message_of_line("stack number=2 caller=0 address=1"),
            "stack 2 is not the next one, which is stack 1, or is stack 1 again");
  EXPECT_EQ(message_of_line("note key=a value=b c"), "'c': more than the line has");
  EXPECT_EQ(message_of_line("note key=%zz value="),
            "'%zz': no text: after % come two digits 0-9a-f");
  EXPECT_EQ(message_of_line("clock unit_ns=0"),
            "'clock unit_ns=0': expected once, in front of all, of 1 or more");
  EXPECT_EQ(message_of_line(std::string(1 << 21, 'x')), "longer than any line can be");
}

TEST(TraceText, WhatComesBeforeAnErrorIsKept) {
  const Bytes bytes = to_bytes("tarn trace 1\nphase name=1\nphase name=2\nwhat\n");
  MemoryInput input(bytes);
  MemoryOutput output;
  EXPECT_FALSE(read_text(input, output));
  EXPECT_EQ(text_of(output.content()), "tarn trace 1\nphase name=1\nphase name=2\n");
}

}  // namespace
}  // namespace tarn::trace
