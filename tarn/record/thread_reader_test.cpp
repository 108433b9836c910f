// Goal: of a thread, every record is read once, in order, whole; and no content of the shared
// memory, which a program that has gone wrong may write to, makes the reader leave it. Method:
// buffers written by the test, first right, then as no thread writes them, then at random.

#include "tarn/record/thread_reader.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/record_session.hpp"
#include "testing/recorded_thread.hpp"
#include "testing/seed.hpp"

namespace tarn::record {
namespace {

class ThreadReading : public testing::Test {
 protected:
  TestSession session_;
  NotingSinks sinks_;
  std::unique_ptr<ProcessSink> sink_ = sinks_.begin_process(1);
  RecordedThread thread_{*session_, {}};
  ThreadReader reader_{1, *sink_};

  std::vector<RawEvent> read_all() {
    reader_.look(*session_);
    std::vector<RawEvent> events;
    while (reader_.next() != nullptr) {
      for (const RawEvent& event : reader_.take(UINT64_MAX)) events.push_back(event);
    }
    return events;
  }
};

TEST_F(ThreadReading, AnEventIsWhatWasWritten) {
  thread_.write(RawKind::allocate, 7, 0x7fff'1234'5670, 100 | std::uint64_t{6} << 56, {1, 2, 3});
  thread_.write(RawKind::deallocate, 9, 0x7fff'1234'5670);
  reader_.add(thread_.buffer());
  const std::vector<RawEvent> events = read_all();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, RawKind::allocate);
  EXPECT_EQ(events[0].thread, 1u);
  EXPECT_EQ(events[0].stamp, 7u);
  EXPECT_EQ(events[0].address, 0x7fff'1234'5670u);
  EXPECT_EQ(events[0].bytes, 100u);
  EXPECT_EQ(events[0].alignment_shift, 6);
  EXPECT_EQ(std::vector(events[0].stack.begin(), events[0].stack.end()),
            (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(events[1].kind, RawKind::deallocate);
  EXPECT_EQ(events[1].bytes, 0u);
  EXPECT_TRUE(events[1].stack.empty());
}

// Whoever looks at the next event has some in hand, whose stacks lie in their buffer. None of them
// keeps the buffer before it.
TEST_F(ThreadReading, ABufferHasBeenReadWhenTheNextEventIsOfAnother) {
  thread_.write(RawKind::deallocate, 1, 16);
  Buffer& first = thread_.buffer();
  thread_.hand_over();
  thread_.write(RawKind::deallocate, 2, 16);
  reader_.add(first);
  reader_.add(thread_.buffer());
  reader_.look(*session_);
  ASSERT_NE(reader_.next(), nullptr);
  EXPECT_FALSE(reader_.has_read(first));
  EXPECT_EQ(reader_.take(UINT64_MAX).size(), 1u);
  ASSERT_NE(reader_.next(), nullptr);
  EXPECT_TRUE(reader_.has_read(first));
  EXPECT_FALSE(reader_.has_read(thread_.buffer()));
}

TEST_F(ThreadReading, AnAlignmentIsOneThatAFileCanHold) {
  thread_.write(RawKind::allocate, 1, 16, std::uint64_t{0xff} << alignment_upper_shift);
  reader_.add(thread_.buffer());
  EXPECT_EQ(read_all().front().alignment_shift, 63);
}

TEST_F(ThreadReading, NothingIsReadTwiceOrBeforeItIsPublished) {
  thread_.write(RawKind::deallocate, 1, 16);
  reader_.add(thread_.buffer());
  EXPECT_EQ(read_all().size(), 1u);
  EXPECT_TRUE(reader_.has_read(thread_.buffer()));
  EXPECT_TRUE(read_all().empty());
  thread_.append(2 << stamp_shift | static_cast<std::uint64_t>(RawKind::deallocate));
  thread_.append(32);
  EXPECT_TRUE(read_all().empty());
  thread_.publish(4);
  EXPECT_FALSE(reader_.has_read(thread_.buffer()));
  EXPECT_EQ(read_all().size(), 1u);
}

TEST_F(ThreadReading, BuffersAreReadInTheirOrderHoweverTheyAreFound) {
  std::vector<Buffer*> buffers;
  for (std::uint64_t i = 0; i < 3; ++i) {
    for (std::uint64_t j = 0; j < 10; ++j) thread_.write(RawKind::deallocate, 10 * i + j, 16);
    buffers.push_back(&thread_.buffer());
    thread_.hand_over();
  }
  for (const std::size_t i : {2u, 0u, 1u, 0u}) reader_.add(*buffers[i]);
  const std::vector<RawEvent> events = read_all();
  ASSERT_EQ(events.size(), 30u);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].stamp, i);
  for (Buffer* const buffer : buffers) reader_.remove(*buffer);
  EXPECT_TRUE(reader_.is_empty());
}

TEST_F(ThreadReading, ATurnEndsWhereAnotherOneIsNext) {
  for (std::uint64_t stamp = 1; stamp <= 5; ++stamp) thread_.write(RawKind::deallocate, stamp, 16);
  reader_.add(thread_.buffer());
  reader_.look(*session_);
  ASSERT_NE(reader_.next(), nullptr);
  EXPECT_EQ(reader_.take(4).size(), 3u);
  EXPECT_EQ(reader_.next()->stamp, 4u);
  EXPECT_EQ(reader_.take(4).size(), 1u) << "the next one is taken whatever its stamp";
  EXPECT_FALSE(reader_.has_read(thread_.buffer()));
}

// Records that no thread writes: each ends its buffer, and is told.
struct Damage {
  const char* what;
  std::uint64_t words[3];
  std::uint64_t word_count;
};

class ADamagedRecord : public ThreadReading, public testing::WithParamInterface<Damage> {};

TEST_P(ADamagedRecord, EndsItsBuffer) {
  thread_.write(RawKind::deallocate, 1, 16);
  for (const std::uint64_t word : GetParam().words) thread_.append(word);
  thread_.publish(2 + GetParam().word_count);
  reader_.add(thread_.buffer());
  EXPECT_EQ(read_all().size(), 1u);
  EXPECT_TRUE(reader_.is_damaged());
  EXPECT_TRUE(reader_.has_read(thread_.buffer())) << "nobody would ever free it";
}

constexpr std::uint64_t stamped(std::uint64_t stamp, std::uint64_t kind) {
  return stamp << stamp_shift | kind;
}

INSTANTIATE_TEST_SUITE_P(
    Each, ADamagedRecord,
    testing::Values(Damage{"kind 0", {stamped(2, 0), 16, 0}, 2},
                    Damage{"a kind that is none", {stamped(2, 12), 16, 0}, 3},
                    Damage{"one word", {stamped(2, 3), 0, 0}, 1},
                    Damage{"no room for the bytes", {stamped(2, 1), 16, 0}, 2},
                    Damage{"a stack longer than the buffer",
                           {stamped(2, 3), 16 | std::uint64_t{0xffff} << upper_shift, 0},
                           3},
                    Damage{"a stamp of the far future", {UINT64_MAX << 8 | 3, 16, 0}, 2}),
    [](const auto& each) {
      std::string name = each.param.what;
      for (char& letter : name) letter = letter == ' ' ? '_' : letter;
      return name;
    });

TEST_F(ThreadReading, ACountThatIsTooLargeOrFallsStaysInTheBuffer) {
  thread_.write(RawKind::deallocate, 1, 16);
  thread_.write(RawKind::deallocate, 2, 16);
  reader_.add(thread_.buffer());
  EXPECT_EQ(read_all().size(), 2u);
  thread_.append(3 << stamp_shift | static_cast<std::uint64_t>(RawKind::deallocate));
  thread_.append(16);
  thread_.publish(1);
  EXPECT_TRUE(read_all().empty());
  EXPECT_TRUE(reader_.has_read(thread_.buffer()));
  thread_.publish(UINT64_MAX);
  EXPECT_EQ(read_all().size(), 1u) << "zeros are no records";
  EXPECT_TRUE(reader_.is_damaged());
  EXPECT_TRUE(reader_.has_read(thread_.buffer()));
}

// Whatever lies in a buffer, what is read of it is in it, and sinks can rely on its fields.
TEST_F(ThreadReading, AnyWordsAtAll) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  Buffer& buffer = thread_.buffer();
  for (int round = 0; round < 300; ++round) {
    for (std::uint64_t& word : buffer.words) {
      // Small numbers are kinds and stacks that often are some.
      word = random() >> random() % 64;
    }
    buffer.word_count.store(random() % 2 == 0 ? Buffer::capacity : random() % (1 << 14));
    ThreadReader reader(1, *sink_);
    reader.add(buffer);
    reader.look(*session_);
    while (reader.next() != nullptr) {
      for (const RawEvent& event : reader.take(UINT64_MAX)) {
        ASSERT_TRUE(is_kind(event.kind));
        ASSERT_LT(event.alignment_shift, 64);
        ASSERT_LE(event.stack.data() + event.stack.size(), buffer.words + Buffer::capacity);
      }
    }
    ASSERT_TRUE(reader.has_read(buffer));
  }
}

}  // namespace
}  // namespace tarn::record
