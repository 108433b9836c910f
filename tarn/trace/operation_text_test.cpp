// Goal: text and operations turn into each other without loss, and text that is wrong is refused
// with the line, the word and what was expected. Method: every kind with every field, random
// operations there and back, each error message by name, every truncation of a good text.

#include "tarn/trace/operation_text.hpp"

#include <random>

#include <gtest/gtest.h>

#include "testing/random_operation.hpp"

namespace tarn::trace {
namespace {

std::string message_of(std::string_view text) {
  const Result<Program> program = parse_program(text);
  return program ? "no error" : program.error().message;
}

std::string message_of_line(std::string_view line) {
  const Result<Operation> operation = parse_operation(line);
  return operation ? "no error" : operation.error().message;
}

TEST(OperationText, IsReadable) {
  const std::string text =
      "tarn trace 1\n"
      "create pool=1\n"
      "create pool=2 parent=1 limit=65536\n"
      "allocate pool=2 block=1 bytes=100\n"
      "allocate_zeroed pool=2 block=2 bytes=0 alignment=64\n"
      "mark pool=2 mark=1\n"
      "extend block=1 bytes=200\n"
      "shrink block=1 bytes=0\n"
      "rewind mark=1\n"
      "adopt pool=0 child=2\n"
      "add_cleanup pool=2 cleanup=1\n"
      "cancel_cleanup cleanup=1\n"
      "run_cleanup cleanup=1\n"
      "deallocate block=2\n"
      "reset pool=1\n"
      "reset pool=1 retain=nothing\n"
      "reset pool=1 retain=4096 as_one_chunk=1\n"
      "allocate block=3 bytes=8 thread=4 time_ns=1234\n"
      "thread_begin thread=4\n"
      "scope_begin scope=1 name=7 thread=4\n"
      "reallocate block=3 bytes=16 stack=5\n"
      "scope_end scope=1 thread=4\n"
      "thread_end thread=4\n"
      "phase name=8\n"
      "destroy pool=1\n";
  const Result<Program> program = parse_program(text);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(program->size(), 24u);
  std::string expected = text;
  // The heap is the default pool, so naming it is left out.
  expected.replace(expected.find("adopt pool=0"), 12, "adopt");
  EXPECT_EQ(to_text(*program), expected);
}

TEST(OperationText, FillsEveryField) {
  const Result<Operation> operation = parse_operation(
      "allocate pool=3 block=18446744073709551615 bytes=9 alignment=4096 "
      "thread=7 time_ns=11 stack=5");
  ASSERT_TRUE(operation) << operation.error().message;
  Operation expected;
  expected.kind = Kind::allocate;
  expected.pool = 3;
  expected.block = UINT64_MAX;
  expected.bytes = 9;
  expected.alignment_shift = 12;
  expected.thread = 7;
  expected.time_ns = 11;
  expected.stack = 5;
  EXPECT_EQ(*operation, expected);
}

TEST(OperationText, RoundTripOfRandomOperationsIsLossless) {
  std::mt19937_64 random(1);
  Program program;
  for (int i = 0; i < 20000; ++i) program.push_back(random_operation(random));
  const std::string text = to_text(program);
  const Result<Program> read = parse_program(text);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), program.size());
  for (std::size_t i = 0; i < program.size(); ++i) ASSERT_EQ((*read)[i], program[i]) << i;
  EXPECT_EQ(to_text(*read), text);
}

TEST(OperationText, CommentsBlankLinesTabsAndCarriageReturnsAreNothing) {
  const Result<Program> program = parse_program(
      "tarn trace 1 # made by hand\r\n"
      "\r\n"
      "# a request\n"
      "\tcreate\tpool=1 # the request's\r\n"
      "   \n"
      "destroy pool=1#end");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(to_text(*program), "tarn trace 1\ncreate pool=1\ndestroy pool=1\n");
}

TEST(OperationText, AProgramMayBeEmpty) {
  const Result<Program> program = parse_program("tarn trace 1");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_TRUE(program->empty());
}

TEST(OperationText, ErrorsNameTheLineTheWordAndWhatWasExpected) {
  EXPECT_EQ(message_of(""), "line 1: '': expected 'tarn trace 1'");
  EXPECT_EQ(message_of("tarn trace 2\n"), "line 1: 'tarn trace 2': expected 'tarn trace 1'");
  EXPECT_EQ(message_of("tarn trace 1\n\ncreate pol=1\n"),
            "line 3: 'pol=1': expected thread= time_ns= pool= parent= limit= stack=");
  EXPECT_EQ(message_of("tarn trace 1\ncreat pool=1\n").substr(0, 41),
            "line 2: 'creat': expected one of create d");
}

TEST(OperationText, ErrorsOfALine) {
  EXPECT_EQ(
      message_of_line(""),
      "'': expected one of create destroy reset mark rewind adopt allocate allocate_zeroed "
      "extend shrink deallocate add_cleanup cancel_cleanup run_cleanup reallocate thread_begin "
      "thread_end scope_begin scope_end phase");
  EXPECT_EQ(message_of_line("mark pool"), "'pool': expected thread= time_ns= pool= mark= stack=");
  EXPECT_EQ(message_of_line("mark pool=1"), "'mark': expected mark= as well");
  EXPECT_EQ(message_of_line("rewind mark=1 mark=1"), "'mark=1': the field is given twice");
  EXPECT_EQ(message_of_line("rewind mark="), "'mark=': expected a number from 0 to 4294967295");
  EXPECT_EQ(message_of_line("rewind mark=4294967296"),
            "'mark=4294967296': expected a number from 0 to 4294967295");
  EXPECT_EQ(message_of_line("deallocate block=18446744073709551616"),
            "'block=18446744073709551616': expected a number from 0 to 18446744073709551615");
  EXPECT_EQ(message_of_line("deallocate block=-1"),
            "'block=-1': expected a number from 0 to 18446744073709551615");
  EXPECT_EQ(message_of_line("deallocate block=1x"),
            "'block=1x': expected a number from 0 to 18446744073709551615");
  EXPECT_EQ(message_of_line("allocate block=1 bytes=1 alignment=24"),
            "'alignment=24': expected a power of two up to 2^63");
  EXPECT_EQ(message_of_line("create pool=1 limit=nothing"),
            "'limit=nothing': expected a number from 0 to 18446744073709551615, or none");
  EXPECT_EQ(message_of_line("reset pool=1 retain=none"),
            "'retain=none': expected a number from 0 to 18446744073709551615, or everything, or "
            "nothing");
}

TEST(OperationText, HostileWordsAreShownShortAndPrintable) {
  const std::string hostile = "\x1b[31m" + std::string(1000, 'z');
  EXPECT_EQ(message_of_line(hostile).substr(0, 48), "'?[31m" + std::string(35, 'z') + "...': e");
  EXPECT_EQ(message_of_line(std::string("a\0b", 3)).substr(0, 6), "'a?b':");
}

TEST(OperationText, EveryTruncationIsReadOrRefused) {
  std::mt19937_64 random(2);
  Program program;
  for (int i = 0; i < 40; ++i) program.push_back(random_operation(random));
  const std::string text = to_text(program);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const Result<Program> read = parse_program(std::string_view(text).substr(0, length));
    if (!read) continue;
    ASSERT_LE(read->size(), program.size()) << length;
    // All but the last line came through whole.
    for (std::size_t i = 0; i + 1 < read->size(); ++i) ASSERT_EQ((*read)[i], program[i]);
  }
}

TEST(OperationText, OneWrongByteIsReadOrRefused) {
  const std::string text = "tarn trace 1\nallocate pool=1 block=2 bytes=3 alignment=8\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string wrong = text;
      wrong[i] = static_cast<char>(byte);
      const Result<Program> read = parse_program(wrong);
      if (!read) continue;
      const std::string canonical = to_text(*read);
      ASSERT_EQ(to_text(*parse_program(canonical)), canonical) << wrong;
    }
  }
}

}  // namespace
}  // namespace tarn::trace
