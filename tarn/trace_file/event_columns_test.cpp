// Goal: operations come back from columns as they were, and bytes that no encoder made are refused,
// whatever they are. Method: random operations and random programs of several threads there and
// back; every truncation and every flipped bit of small columns; counts that lie.

#include "tarn/trace_file/event_columns.hpp"

#include <random>

#include <gtest/gtest.h>

#include "testing/operation_program.hpp"
#include "testing/random_operation.hpp"
#include "testing/seed.hpp"

namespace tarn::trace {
namespace {

Bytes encoded(const Program& program, std::uint32_t time_unit_ns = 1) {
  EventEncoder encoder(time_unit_ns);
  for (const Operation& operation : program) encoder.append(operation);
  Bytes plain;
  encoder.take(plain);
  return plain;
}

Program decoded(ByteView plain, std::size_t count, std::uint32_t time_unit_ns = 1) {
  Program program;
  const Result<void> read =
      decode_events(plain, static_cast<std::uint32_t>(count), time_unit_ns, program);
  EXPECT_TRUE(read) << read.error().message;
  return program;
}

std::string message_of(ByteView plain, std::size_t count) {
  Program program;
  const Result<void> read = decode_events(plain, static_cast<std::uint32_t>(count), 1, program);
  EXPECT_EQ(program.size(), read ? count : 0);
  return read ? "no error" : read.error().message;
}

// Blocks that are numbered as they begin, and freed young, on `thread_count` threads.
Program recorded_program(std::size_t count, std::uint32_t thread_count) {
  std::mt19937_64 random(test_seed());
  Program program;
  std::vector<std::uint64_t> live;
  std::uint64_t newest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Operation operation;
    operation.thread = static_cast<std::uint32_t>(random() % thread_count);
    operation.time_ns = i * 20;
    if (live.empty() || random() % 2 == 0) {
      operation.kind = Kind::allocate;
      operation.block = ++newest;
      operation.bytes = std::uint64_t{16} << (random() % 6);
      operation.alignment_shift = 4;
      live.push_back(newest);
    } else {
      operation.kind = Kind::deallocate;
      operation.block = live.back();
      live.pop_back();
    }
    program.push_back(operation);
  }
  return program;
}

TEST(EventColumns, RandomOperationsComeBack) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  Program program;
  for (int i = 0; i < 20000; ++i) program.push_back(random_operation(random));
  EXPECT_EQ(decoded(encoded(program), program.size()), program);
}

TEST(EventColumns, RandomProgramsComeBack) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    const Program program = random_program(test_seed() + i, 500, Alphabet::full());
    EXPECT_EQ(decoded(encoded(program), program.size()), program);
  }
}

TEST(EventColumns, ThreadsKeepTheirOrder) {
  for (const std::uint32_t thread_count : {1u, 2u, 300u}) {
    const Program program = recorded_program(5000, thread_count);
    EXPECT_EQ(decoded(encoded(program), program.size()), program);
  }
}

TEST(EventColumns, AnEncoderGoesOnWhereItWas) {
  const Program program = recorded_program(3000, 2);
  EventEncoder encoder(1);
  Program read;
  for (std::size_t i = 0; i < program.size(); ++i) {
    encoder.append(program[i]);
    if (encoder.count() < 100 && i + 1 != program.size()) continue;
    const std::uint32_t count = encoder.count();
    Bytes plain;
    encoder.take(plain);
    for (const Operation& operation : decoded(plain, count)) read.push_back(operation);
  }
  EXPECT_EQ(read, program);
}

TEST(EventColumns, TimesAreRoundedDownToTheUnit) {
  Operation operation;
  operation.kind = Kind::phase;
  operation.time_ns = 47;
  const Program read = decoded(encoded({operation}, 16), 1, 16);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].time_ns, 32u);
}

TEST(EventColumns, AColumnOfZerosIsLeftOut) {
  const Program program = recorded_program(1000, 1);
  Program without_sizes = program;
  for (Operation& operation : without_sizes) operation.bytes = 0;
  EXPECT_LT(encoded(without_sizes).size() + 450, encoded(program).size());
}

TEST(EventColumns, EveryTruncationIsRefused) {
  const Bytes plain = encoded(recorded_program(30, 2));
  for (std::size_t length = 0; length < plain.size(); ++length) {
    EXPECT_NE(message_of(ByteView(plain).first(length), 30), "no error") << length;
  }
}

TEST(EventColumns, AnyFlippedBitIsReadOrRefused) {
  const Bytes plain = encoded(recorded_program(30, 2));
  for (std::size_t bit = 0; bit < plain.size() * 8; ++bit) {
    Bytes wrong = plain;
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1u << (bit % 8)));
    static_cast<void>(message_of(wrong, 30));
  }
}

TEST(EventColumns, CountsThatLieAreRefused) {
  const Bytes plain = encoded(recorded_program(30, 2));
  EXPECT_EQ(message_of(plain, 29), "a thread of more operations than there are");
  EXPECT_EQ(message_of(plain, 31), "the threads have less operations than there are");
  EXPECT_EQ(message_of(plain, 0), "more threads than operations, or none");
  EXPECT_EQ(message_of(Bytes{9, 0, 0}, 8), "more threads than operations, or none");
}

}  // namespace
}  // namespace tarn::trace
