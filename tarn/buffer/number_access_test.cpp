// Goal: numbers and varints come back from the bytes they are said to have.

#include "tarn/buffer/number_access.hpp"

#include <initializer_list>
#include <limits>

#include <gtest/gtest.h>

#include "tarn/buffer/hex_dump.hpp"
#include "testing/buffer_fixture.hpp"

namespace tarn {
namespace {

class BufferNumbers : public BufferFixture {};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferNumbers, every_checking);

TEST_P(BufferNumbers, NumbersHaveTheirBytesInTheOrderThatWasSaid) {
  Buffer buffer = pool_.allocate();
  buffer.write_be<std::uint16_t>(0x0102);
  buffer.write_le<std::uint16_t>(0x0102);
  buffer.write_be<std::uint32_t, 3>(0x010203);
  buffer.write_le<std::uint64_t, 5>(0x0102030405);
  buffer.write_be<float>(1.0f);
  buffer.write_le<double>(-2.0);
  buffer.write_be<std::int8_t>(-1);
  EXPECT_EQ(hex_dump(buffer.bytes()),
            "00000000  01 02 02 01 01 02 03 05  04 03 02 01 3f 80 00 00  |............?...|\n"
            "00000010  00 00 00 00 00 00 00 c0  ff                       |.........|\n");
  EXPECT_EQ((buffer.get_be<std::uint32_t, 3>(4)), 0x010203u);
  EXPECT_EQ((buffer.get_le<std::uint64_t, 5>(7)), 0x0102030405u);
  EXPECT_EQ(buffer.get_be<float>(12), 1.0f);
  EXPECT_EQ(buffer.get_le<double>(16), -2.0);
}

template <typename T, std::size_t bytes = sizeof(T)>
void expect_round_trips(Buffer& buffer, std::initializer_list<T> values) {
  for (const T value : values) {
    buffer.write_be<T, bytes>(value);
    buffer.write_le<T, bytes>(value);
    EXPECT_TRUE((buffer.try_write_be<T, bytes>(value)));
    EXPECT_TRUE((buffer.try_write_le<T, bytes>(value)));
    EXPECT_EQ((buffer.get_le<T, bytes>(bytes)), value);
    EXPECT_EQ((buffer.read_be<T, bytes>()), value);
    EXPECT_EQ((buffer.read_le<T, bytes>()), value);
    EXPECT_EQ((buffer.try_read_be<T, bytes>()), value);
    EXPECT_EQ((buffer.try_read_le<T, bytes>()), value);
    buffer.write_be<T, bytes>(T{});
    buffer.set_be<T, bytes>(0, value);
    EXPECT_EQ((buffer.get_be<T, bytes>(0)), value);
    buffer.set_le<T, bytes>(0, value);
    EXPECT_EQ((buffer.read_le<T, bytes>()), value);
  }
}

template <typename T>
void expect_limits_round_trip(Buffer& buffer) {
  using Limits = std::numeric_limits<T>;
  expect_round_trips<T>(buffer, {T{0}, T{1}, Limits::lowest(), Limits::min(), Limits::max()});
}

TEST_P(BufferNumbers, NumbersOfEveryKindComeBack) {
  Buffer buffer = pool_.allocate();
  expect_limits_round_trip<std::uint8_t>(buffer);
  expect_limits_round_trip<std::int8_t>(buffer);
  expect_limits_round_trip<std::uint16_t>(buffer);
  expect_limits_round_trip<std::int16_t>(buffer);
  expect_limits_round_trip<std::uint32_t>(buffer);
  expect_limits_round_trip<std::int32_t>(buffer);
  expect_limits_round_trip<std::uint64_t>(buffer);
  expect_limits_round_trip<std::int64_t>(buffer);
  expect_limits_round_trip<float>(buffer);
  expect_limits_round_trip<double>(buffer);
  expect_round_trips<std::uint32_t, 3>(buffer, {0u, 1u, 0xFFFFFFu, 0x800000u});
  expect_round_trips<std::int32_t, 3>(buffer, {0, -1, 0x7FFFFF, -0x800000});
  expect_round_trips<std::int64_t, 7>(buffer, {0, -1, (std::int64_t{1} << 55) - 1});
  EXPECT_TRUE(buffer.is_empty());
}

TEST_P(BufferNumbers, VarintsComeBack) {
  Buffer buffer = pool_.allocate();
  buffer.write_varint(300);
  EXPECT_EQ(buffer.get_be<std::uint16_t>(0), 0xAC02u);
  buffer.clear();
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t less : {std::uint64_t{0}, std::uint64_t{1}}) {
      const std::uint64_t value = (std::uint64_t{1} << shift) - less;
      buffer.write_varint(value);
      EXPECT_TRUE(buffer.try_write_varint(~value));
      EXPECT_EQ(buffer.read_varint().value(), value);
      EXPECT_EQ(buffer.read_varint().value(), ~value);
    }
  }
}

TEST_P(BufferNumbers, AVarintThatIsNotWholeOrTooLargeIsNotRead) {
  Buffer buffer = pool_.allocate();
  EXPECT_EQ(buffer.read_varint().error().code, ErrorCode::incomplete);
  buffer.write_be<std::uint16_t>(0xFFFF);
  const Result<std::uint64_t> incomplete = buffer.read_varint();
  EXPECT_EQ(incomplete.error().code, ErrorCode::incomplete);
  EXPECT_STREQ(incomplete.error().message, "a varint goes on behind its 2 readable bytes");
  EXPECT_EQ(buffer.readable_bytes(), 2u);
  buffer.write_be<std::uint64_t>(0xFFFFFFFFFFFFFF02);
  EXPECT_EQ(buffer.read_varint().error().code, ErrorCode::malformed);
  EXPECT_EQ(buffer.readable_bytes(), 10u);
  buffer.set_be<std::uint8_t>(9, 1);
  EXPECT_EQ(buffer.read_varint().value(), UINT64_MAX);
}

}  // namespace
}  // namespace tarn
