// Goal: handles of the same bytes see these and no others, whatever the owner does.

#include <string>

#include <gtest/gtest.h>

#include "testing/buffer_fixture.hpp"

namespace tarn {
namespace {

class BufferSlice : public BufferFixture {};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferSlice, every_checking);

TEST_P(BufferSlice, SlicesShareTheBytesAndOutliveTheOwner) {
  Buffer buffer = holding("head body tail");
  Buffer body = buffer.slice(5, 4);
  Buffer part = body.slice(1, 2);
  Buffer all = buffer.share();
  EXPECT_TRUE(buffer.is_shared());
  EXPECT_FALSE(body.is_owner());
  EXPECT_EQ(body.bytes().data(), buffer.bytes().data() + 5);
  body.set_be<std::uint8_t>(0, 'B');
  EXPECT_EQ(buffer.text(), "head Body tail");
  buffer.release();
  all.release();
  EXPECT_EQ(body.text(), "Body");
  body.release();
  EXPECT_EQ(part.text(), "od");
  EXPECT_FALSE(part.is_shared());
}

TEST_P(BufferSlice, ASliceNeverSeesMoreThanItWasGiven) {
  Buffer buffer = holding("0123456789");
  Buffer slice = buffer.slice(3, 4);
  EXPECT_EQ(slice.capacity(), slice.writer_index());
  EXPECT_EQ(slice.writable_bytes(), 0u);
  EXPECT_FALSE(slice.try_reserve(1));
  EXPECT_FALSE(slice.try_write("x"));
  EXPECT_FALSE(slice.try_set_capacity(100));
  slice.consume(1);
  EXPECT_EQ(slice.text(), "456");
  slice.truncate(2);
  EXPECT_EQ(slice.text(), "45");
  slice.clear();
  EXPECT_TRUE(slice.is_empty());
  EXPECT_EQ(buffer.text(), "0123456789");
}

TEST_P(BufferSlice, ReadSliceCutsFrames) {
  Buffer buffer = holding("onetwo");
  const Buffer one = buffer.read_slice(3);
  const Buffer two = buffer.read_slice(3);
  EXPECT_EQ(one.text(), "one");
  EXPECT_EQ(two.text(), "two");
  buffer.write("three");
  EXPECT_EQ(buffer.text(), "three");
  EXPECT_EQ(one.text(), "one");
}

TEST_P(BufferSlice, WhileSharedTheBlockNeitherMovesNorShrinks) {
  Buffer buffer = holding("0123456789", 16);
  buffer.consume(5);
  const Buffer slice = buffer.slice(0, 5);
  const std::byte* const place = slice.bytes().data();
  buffer.discard_read();
  EXPECT_NE(buffer.bytes().data(), place);
  EXPECT_EQ(buffer.text(), "56789");
  EXPECT_EQ(slice.text(), "56789");
  EXPECT_FALSE(slice.is_shared());

  const Buffer again = buffer.share();
  buffer.set_capacity(8);
  EXPECT_FALSE(again.is_shared());
  buffer.write(std::string(1000, 'x'));
  EXPECT_EQ(again.text(), "56789");
  EXPECT_EQ(slice.text(), "56789");
  EXPECT_EQ(buffer.readable_bytes(), 1005u);
}

TEST_P(BufferSlice, ForgettingSharedBytesNeverLetsThemBeWrittenOver) {
  Buffer buffer = holding("0123456789");
  const Buffer slice = buffer.slice(0, 10);
  buffer.truncate(10);
  EXPECT_TRUE(buffer.is_owner());
  buffer.clear();
  buffer.write("abc");
  EXPECT_EQ(buffer.text(), "abc");
  buffer.truncate(1);
  EXPECT_FALSE(buffer.try_write("x"));
  EXPECT_EQ(buffer.text(), "a");
  EXPECT_EQ(slice.text(), "0123456789");
}

}  // namespace
}  // namespace tarn
