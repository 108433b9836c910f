// Goal: a thread that needs a buffer gets one, or is told that there is none; it waits only while
// somebody will make room. Method: sessions brought to each end: full, over, left by the recorder.

#include "tarn/record/session.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tarn/os/process.hpp"
#include "tarn/record/collector.hpp"
#include "testing/record_session.hpp"
#include "testing/recorded_thread.hpp"

namespace tarn::record {
namespace {

// No process has it: the largest that Linux gives is 2^22.
constexpr std::int32_t nobody = (1 << 22) + 1;

TEST(RecordSession, EachBufferIsClaimedOnce) {
  TestSession session;
  std::set<Buffer*> buffers;
  for (std::size_t i = 0; i < buffer_count; ++i) buffers.insert(claim_buffer(*session));
  EXPECT_EQ(buffers.size(), buffer_count);
  EXPECT_FALSE(buffers.contains(nullptr));
}

TEST(RecordSession, AThreadTooManyIsCountedAndGetsNone) {
  TestSession session;
  for (std::size_t i = 0; i < buffer_count; ++i) ASSERT_NE(claim_buffer(*session), nullptr);
  EXPECT_EQ(claim_buffer(*session), nullptr);
  EXPECT_EQ(session->unrecorded_thread_count.load(), 1u);
}

TEST(RecordSession, NobodyGetsABufferOfOneThatIsOver) {
  TestSession session;
  end_session(*session);
  EXPECT_EQ(claim_buffer(*session), nullptr);
  EXPECT_EQ(session->unrecorded_thread_count.load(), 0u);
}

void fill(Session& session) {
  for (std::uint32_t i = 0; i < full_count_max; ++i) hand_over(session, *claim_buffer(session));
}

TEST(RecordSession, WhoWaitsForADeadRecorderGoesOnUnrecorded) {
  TestSession session;
  session->recorder = nobody;
  fill(*session);
  EXPECT_EQ(claim_buffer(*session), nullptr);
  EXPECT_EQ(session->is_over.load(), 1u) << "every other thread would wait a second as well";
}

TEST(RecordSession, WhoWaitsGoesOnWhenTheRecorderHasMadeRoom) {
  TestSession session;
  NotingSinks sinks;
  Collector collector(*session, sinks);
  RecordedThread recorded(*session, {});
  for (std::uint32_t i = 0; i < full_count_max; ++i) {
    recorded.write(RawKind::allocate, i, 16, 1);
    recorded.hand_over();
  }
  std::atomic<bool> has_claimed{false};
  std::thread waiting([&] { has_claimed = claim_buffer(*session) != nullptr; });
  while (session->waiting_count.load() == 0) std::this_thread::yield();
  EXPECT_FALSE(has_claimed);
  collector.collect();
  waiting.join();
  EXPECT_TRUE(has_claimed);
  EXPECT_EQ(collector.stats().event_count, full_count_max);
}

// Many threads, each with a buffer of its own: there is none for another one until some are read.
TEST(RecordSession, WhoFindsNoneFreeWaitsIfSomeAreFull) {
  TestSession session;
  NotingSinks sinks;
  Collector collector(*session, sinks);
  RecordedThread recorded(*session, {});
  for (std::uint64_t i = 1; i < full_count_max; ++i) {
    recorded.write(RawKind::allocate, i, 16, 1);
    recorded.hand_over();
  }
  for (std::size_t i = full_count_max - 1; i < buffer_count; ++i) {
    ASSERT_NE(claim_buffer(*session), nullptr);
  }
  std::thread waiting([&] { EXPECT_NE(claim_buffer(*session), nullptr); });
  while (session->waiting_count.load() == 0 && session->unrecorded_thread_count.load() == 0) {
    std::this_thread::yield();
  }
  collector.collect();
  waiting.join();
  EXPECT_EQ(session->unrecorded_thread_count.load(), 0u);
}

TEST(RecordSession, WhoWaitsGoesOnWhenItIsOver) {
  TestSession session;
  fill(*session);
  std::thread waiting([&] { EXPECT_EQ(claim_buffer(*session), nullptr); });
  while (session->waiting_count.load() == 0) std::this_thread::yield();
  end_session(*session);
  waiting.join();
}

// Killed between saying that the buffer is full and counting it. The count fell below 0, which
// looked like very many, and all other threads waited for ever.
TEST(RecordSession, ABufferThatIsFullAndNotCountedStopsNobody) {
  TestSession session;
  NotingSinks sinks;
  Collector collector(*session, sinks);
  RecordedThread killed(*session, {});
  killed.write(RawKind::allocate, 1, 16, 1);
  const auto index = static_cast<std::size_t>(&killed.buffer() - session->buffers);
  session->states[index].store(BufferState::full);
  collector.collect();
  EXPECT_EQ(session->states[index].load(), BufferState::free);
  std::atomic<bool> has_returned{false};
  std::thread claiming([&] {
    EXPECT_NE(claim_buffer(*session), nullptr);
    has_returned = true;
  });
  for (int i = 0; i < 500 && !has_returned; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (!has_returned) end_session(*session);
  claiming.join();
}

}  // namespace
}  // namespace tarn::record
