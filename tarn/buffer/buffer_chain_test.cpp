// Goal: parts joined, cut and read across are the bytes that one buffer would hold.

#include "tarn/buffer/buffer_chain.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/buffer_fixture.hpp"
#include "testing/thrown_message.hpp"

namespace tarn {
namespace {

class BufferChainTest : public BufferFixture {
 protected:
  [[nodiscard]] Buffer part(std::string_view text) {
    Buffer buffer = pool_.allocate(text.size());
    buffer.write(text);
    return buffer;
  }
  [[nodiscard]] BufferChain chain_of(std::initializer_list<std::string_view> texts,
                                     const BufferChainOptions& options = {}) {
    BufferChain chain(pool_, options);
    for (const std::string_view text : texts) chain.append(part(text));
    return chain;
  }
  static std::string text_of(const BufferChain& chain) {
    std::string text;
    for (const Buffer& buffer : chain.parts()) text += buffer.text();
    EXPECT_EQ(text.size(), chain.readable_bytes());
    return text;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferChainTest, every_checking);

TEST_P(BufferChainTest, JoinsPartsAtBothEndsWithoutCopying) {
  Buffer body = part("body");
  const std::byte* const place = body.bytes().data();
  BufferChain chain(pool_);
  chain.append(body.share());
  chain.append(part(" tail"));
  chain.prepend(part("head "));
  EXPECT_EQ(text_of(chain), "head body tail");
  EXPECT_EQ(chain.parts()[1].bytes().data(), place);
  chain.append(Buffer());
  chain.prepend(pool_.allocate());
  EXPECT_EQ(chain.parts().size(), 3u);
}

TEST_P(BufferChainTest, ThousandsOfPartsAtEitherEnd) {
  BufferChain chain(pool_);
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = std::to_string(i) + ",";
    if (i % 3 == 0) {
      chain.prepend(part(text));
      expected = text + expected;
    } else {
      chain.append(part(text));
      expected += text;
    }
    if (i % 5 == 0) {
      chain.consume(2);
      expected.erase(0, 2);
    }
  }
  EXPECT_EQ(text_of(chain), expected);
}

TEST_P(BufferChainTest, AQueueThatStaysShortTakesNoMoreSlots) {
  BufferChain chain = chain_of({"a", "b", "c"});
  std::size_t used_bytes = 0;
  for (int i = 0; i < 10000; ++i) {
    chain.append(part("d"));
    chain.consume(1);
    if (i == 10) used_bytes = pool_.stats().used_bytes;
  }
  EXPECT_EQ(pool_.stats().used_bytes, used_bytes);
}

TEST_P(BufferChainTest, AppendsAnotherChain) {
  BufferChain one = chain_of({"a", "b"});
  BufferChain two = chain_of({"c", "d"});
  one.append(std::move(two));
  EXPECT_EQ(text_of(one), "abcd");
  EXPECT_EQ(text_of(two), "");
  EXPECT_EQ(one.parts().size(), 4u);
}

TEST_P(BufferChainTest, AppendedToItselfItStaysAsItIs) {
  BufferChain chain = chain_of({"a", "b", "c"}, {.bytes_max = 4});
  BufferChain& same = chain;
  EXPECT_TRUE(chain.try_append(std::move(same)));
  chain.append(std::move(same));
  EXPECT_EQ(text_of(chain), "abc");
  EXPECT_EQ(chain.parts().size(), 3u);
}

TEST_P(BufferChainTest, SlicesShareAcrossParts) {
  BufferChain chain = chain_of({"abc", "def", "ghi"});
  BufferChain slice = chain.slice(2, 5);
  EXPECT_EQ(text_of(slice), "cdefg");
  slice.set_be<std::uint8_t>(1, 'D');
  EXPECT_EQ(text_of(chain), "abcDefghi");
  chain.clear();
  EXPECT_EQ(text_of(slice), "cDefg");
  EXPECT_EQ(text_of(slice.slice(0, 0)), "");
}

TEST_P(BufferChainTest, SplitsBetweenPartsAndWithinOne) {
  BufferChain chain = chain_of({"abc", "def", "ghi"});
  EXPECT_EQ(text_of(chain.split(3)), "abc");
  EXPECT_EQ(text_of(chain.split(1)), "d");
  EXPECT_EQ(text_of(chain.split(0)), "");
  const BufferChain all = chain.split(5);
  EXPECT_EQ(text_of(all), "efghi");
  EXPECT_TRUE(chain.is_empty());
}

TEST_P(BufferChainTest, ConsolidatesOnlyWhatIsNotInOnePlace) {
  BufferChain chain = chain_of({"abc", "def", "ghi"});
  const std::byte* const place = chain.parts()[0].bytes().data();
  EXPECT_EQ(chain.consolidate(3).data(), place);
  EXPECT_EQ(chain.consolidate(0).size(), 0u);
  const std::span<const std::byte> four = chain.consolidate(4);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(four.data()), 4), "abcd");
  EXPECT_EQ(text_of(chain), "abcdefghi");
  EXPECT_EQ(chain.consolidate(9).size(), 9u);
  EXPECT_EQ(chain.parts().size(), 1u);
  EXPECT_EQ(text_of(chain), "abcdefghi");
}

TEST_P(BufferChainTest, NumbersLieAcrossParts) {
  BufferChain chain = chain_of({"\x01\x02", "\x03", "\x04\x05\x06\x07\x08\xAC", "\x02"});
  EXPECT_EQ(chain.get_be<std::uint32_t>(0), 0x01020304u);
  EXPECT_EQ(chain.get_le<std::uint16_t>(1), 0x0302u);
  EXPECT_EQ(chain.read_be<std::uint64_t>(), 0x0102030405060708u);
  EXPECT_EQ(chain.read_varint().value(), 300u);
  EXPECT_EQ(chain.try_read_be<std::uint8_t>(), std::nullopt);
  chain.write_be<std::uint32_t>(7);
  EXPECT_EQ(chain.try_read_be<std::uint32_t>(), 7u);
}

TEST_P(BufferChainTest, FindsAcrossParts) {
  BufferChain chain = chain_of({"ab\r", "\n\r", "\nab", "\r\n"});
  EXPECT_EQ(chain.find("\r\n"), 2u);
  EXPECT_EQ(chain.find("\r\n", 3), 4u);
  EXPECT_EQ(chain.find("\r\n\r\n"), 2u);
  EXPECT_EQ(chain.find("b\r\n", 2), 7u);
  EXPECT_EQ(chain.find("ab\r\n\r\nab\r\n"), 0u);
  EXPECT_EQ(chain.find("\r\n\n"), std::nullopt);
  EXPECT_EQ(chain.find("", 10), 10u);
  EXPECT_EQ(chain.find("", 11), std::nullopt);
  EXPECT_EQ(chain.find("a", 8), std::nullopt);
}

TEST_P(BufferChainTest, WritesFillTheLastPartFirst) {
  BufferChain chain(pool_, {.part_bytes = 100});
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string text(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    chain.write(text);
    expected += text;
  }
  EXPECT_EQ(text_of(chain), expected);
  for (const Buffer& buffer : chain.parts().first(chain.parts().size() - 1)) {
    EXPECT_EQ(buffer.writable_bytes(), 0u);
  }
}

TEST_P(BufferChainTest, PreparedRoomIsCommittedInOrder) {
  BufferChain chain(pool_, {.part_bytes = 10});
  WritableParts room = chain.prepare(4);
  EXPECT_EQ(room.size(), 1u);
  std::memcpy(room.begin()->data(), "abcd", 4);
  chain.commit(4);
  room = chain.prepare(8);
  EXPECT_EQ(room.size(), 2u);
  std::array<IoVec, 2> vectors;
  ASSERT_EQ(room.iovecs(vectors), 2u);
  EXPECT_EQ(vectors[0].iov_len, 6u);
  std::memcpy(vectors[0].iov_base, "efghij", 6);
  std::memcpy(vectors[1].iov_base, "kl", 2);
  chain.commit(8);
  EXPECT_EQ(text_of(chain), "abcdefghijkl");
  EXPECT_EQ(chain.parts().size(), 2u);
}

TEST_P(BufferChainTest, ConsumedRoomIsUsedAgain) {
  BufferChain chain(pool_);
  chain.write("abc");
  const std::size_t used_bytes = pool_.stats().used_bytes;
  for (int i = 0; i < 1000; ++i) {
    chain.consume(3);
    chain.write("abc");
  }
  EXPECT_EQ(pool_.stats().used_bytes, used_bytes);
  const BufferChain kept = chain.slice(0, 3);
  chain.consume(3);
  chain.write("def");
  EXPECT_EQ(text_of(kept), "abc");
  chain.consume(3);
  chain.release_prepared();
  EXPECT_EQ(chain.writable_bytes(), 0u);
}

TEST_P(BufferChainTest, IovecsNameThePartsAsFarAsTheyReach) {
  BufferChain chain = chain_of({"abc", "de", "f"});
  chain.consume(1);
  std::array<IoVec, 2> two;
  ASSERT_EQ(chain.iovecs(two), 2u);
  EXPECT_EQ(two[0].iov_base, chain.parts()[0].bytes().data());
  EXPECT_EQ(two[0].iov_len, 2u);
  EXPECT_EQ(two[1].iov_len, 2u);
  std::array<IoVec, 8> eight;
  EXPECT_EQ(chain.iovecs(eight), 3u);
}

TEST_P(BufferChainTest, ReadsAndCopiesAcrossParts) {
  BufferChain chain = chain_of({"abc", "def", "ghi"});
  std::array<char, 4> four;
  chain.copy_to(2, std::as_writable_bytes(std::span(four)));
  EXPECT_EQ(std::string_view(four.data(), 4), "cdef");
  chain.read(std::as_writable_bytes(std::span(four)));
  EXPECT_EQ(std::string_view(four.data(), 4), "abcd");
  EXPECT_EQ(text_of(chain), "efghi");
  std::array<std::byte, 6> six;
  EXPECT_FALSE(chain.try_read(six));
  EXPECT_EQ(text_of(chain), "efghi");
}

TEST_P(BufferChainTest, NothingGetsAboveBytesMax) {
  BufferChain chain = chain_of({"abc"}, {.part_bytes = 100, .bytes_max = 10});
  EXPECT_FALSE(chain.try_write("12345678"));
  EXPECT_TRUE(chain.try_write("1234"));
  EXPECT_EQ(chain.writable_bytes(), 3u);
  EXPECT_EQ(chain.prepare(3).begin()->size(), 3u);
  EXPECT_FALSE(chain.try_reserve(4));
  Buffer four = part("four");
  EXPECT_FALSE(chain.try_append(std::move(four)));
  EXPECT_FALSE(chain.try_prepend(std::move(four)));
  EXPECT_EQ(four.text(), "four");
  BufferChain other = chain_of({"ab", "cd"});
  EXPECT_FALSE(chain.try_append(std::move(other)));
  EXPECT_EQ(text_of(other), "abcd");
  EXPECT_EQ(text_of(chain), "abc1234");
}

TEST_P(BufferChainTest, TheOtherSpellingRefusesWhatIsNotThere) {
  BufferChain chain = chain_of({"abc", "def"});
  EXPECT_FALSE(chain.try_split(7));
  EXPECT_FALSE(chain.try_slice(5, 2));
  EXPECT_FALSE(chain.try_consolidate(7));
  EXPECT_EQ(text_of(chain), "abcdef");
}

TEST_P(BufferChainTest, MovingLeavesAnEmptyChain) {
  BufferChain chain = chain_of({"abc", "def"});
  BufferChain moved = std::move(chain);
  EXPECT_EQ(text_of(moved), "abcdef");
  EXPECT_EQ(text_of(chain), "");
  chain.write("usable");
  chain = std::move(moved);
  EXPECT_EQ(text_of(chain), "abcdef");
}

#if defined(__cpp_exceptions)
TEST_P(BufferChainTest, OutOfRangeSaysTheNumbersAndChangesNothing) {
  BufferChain chain = chain_of({"abc", "def"}, {.part_bytes = 100, .bytes_max = 10});
  using Range = std::out_of_range;
  std::array<std::byte, 7> seven;
  EXPECT_EQ(message_of<Range>([&] { chain.consume(7); }),
            "BufferChain::consume: 7 bytes at index 0, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { static_cast<void>(chain.slice(5, 2)); }),
            "BufferChain::slice: 2 bytes at index 5, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { static_cast<void>(chain.split(7)); }),
            "BufferChain::split: 7 bytes at index 0, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { chain.consolidate(7); }),
            "BufferChain::consolidate: 7 bytes at index 0, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { chain.copy_to(4, std::span(seven).first(3)); }),
            "BufferChain::copy_to: 3 bytes at index 4, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { chain.read(seven); }),
            "BufferChain::read: 7 bytes at index 0, but only 6 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { chain.commit(1); }),
            "BufferChain::commit: 1 bytes at index 0, but only 0 bytes are writable");
  using Length = std::length_error;
  EXPECT_EQ(message_of<Length>([&] { static_cast<void>(chain.prepare(5)); }),
            "BufferChain::prepare: 5 bytes are more than the 4 that bytes_max leaves");
  EXPECT_EQ(message_of<Length>([&] { chain.write("01234"); }),
            "BufferChain::write: 5 bytes are more than the 4 that bytes_max leaves");
  Buffer five = part("01234");
  EXPECT_EQ(message_of<Length>([&] { chain.append(std::move(five)); }),
            "BufferChain::append: 5 bytes are more than the 4 that bytes_max leaves");
  EXPECT_EQ(message_of<Length>([&] { chain.prepend(std::move(five)); }),
            "BufferChain::prepend: 5 bytes are more than the 4 that bytes_max leaves");
  EXPECT_EQ(five.text(), "01234");
  EXPECT_EQ(message_of<Length>([&] { chain.append(chain_of({"01234"})); }),
            "BufferChain::append: 5 bytes are more than the 4 that bytes_max leaves");
  EXPECT_EQ(text_of(chain), "abcdef");
}
#endif

}  // namespace
}  // namespace tarn
