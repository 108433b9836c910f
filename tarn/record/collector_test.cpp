// Goal: what threads write comes in the order of its stamps, once, and to the end, whoever dies;
// and a program that writes over the session stops nobody. Method: threads and processes played by
// the test, in sessions of its own.

#include "tarn/record/collector.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/process.hpp"
#include "testing/record_session.hpp"
#include "testing/recorded_thread.hpp"
#include "testing/seed.hpp"

namespace tarn::record {
namespace {

// Linux gives no such numbers to processes and threads.
constexpr std::int32_t dead_process = (1 << 22) + 1;
constexpr std::int32_t dead_thread = (1 << 22) + 2;

class Collecting : public testing::Test {
 protected:
  TestSession session_;
  NotingSinks sinks_;
  Collector collector_{*session_, sinks_};

  NotedProcess& here() { return sinks_.processes[process_id()]; }

  // The first round takes what was written, the sweep finds who has ended, the second one frees it.
  void collect_to_the_end() {
    collector_.collect();
    collector_.sweep();
    collector_.collect();
    collector_.sweep();
  }

  [[nodiscard]] std::ptrdiff_t claimed_count() const {
    return std::count_if(std::begin(session_->states), std::end(session_->states),
                         [](const auto& state) { return state.load() != BufferState::free; });
  }
};

// Several times what is taken before buffers are freed.
TEST_F(Collecting, ARecorderThatIsBehindTakesAllInOneRound) {
  std::vector<RecordedThread> threads;
  for (std::uint32_t i = 1; i <= 3; ++i) threads.push_back({*session_, {.thread = i}});
  constexpr std::uint64_t event_count = 200'000;
  for (std::uint64_t stamp = 0; stamp < event_count; ++stamp) {
    threads[stamp / 1000 % threads.size()].write(RawKind::allocate, stamp, 16 + stamp, 8);
  }
  collector_.collect();
  ASSERT_EQ(here().events.size(), event_count);
  for (std::uint64_t i = 0; i < event_count; ++i) ASSERT_EQ(here().events[i].stamp, i);
  EXPECT_EQ(claimed_count(), 3) << "full buffers that have been read are not free";
}

// What a long recording takes of memory: buffers that have been read are written to again.
TEST_F(Collecting, ASliceFreesWhatItHasReadAndSaysThatThereIsMore) {
  RecordedThread thread(*session_, {});
  constexpr std::uint64_t event_count = 200'000;
  for (std::uint64_t i = 0; i < event_count; ++i) thread.write(RawKind::allocate, i, 16 + i, 8);
  const std::ptrdiff_t all_count = claimed_count();
  EXPECT_TRUE(collector_.collect_slice());
  const std::uint64_t taken_count = collector_.stats().event_count;
  EXPECT_LT(taken_count, event_count / 2);
  EXPECT_LE(claimed_count(), all_count - all_count / 4);
  thread.write(RawKind::deallocate, event_count, 16);
  while (collector_.collect_slice()) continue;
  EXPECT_EQ(collector_.stats().event_count, event_count) << "what came later is another round's";
  EXPECT_FALSE(collector_.collect_slice());
  EXPECT_EQ(collector_.stats().event_count, event_count + 1);
}

// While the recorder looks from one buffer to the next, the thread claims one behind it, fills it
// and claims one in front of it.
TEST_F(Collecting, EventsOfAThreadThatIsFasterThanTheRecorderLooksKeepTheirOrder) {
  constexpr std::uint64_t event_count = 50'000;
  std::atomic<bool> is_over{false};
  std::thread fast([&] {
    RecordedThread thread(*session_, {});
    for (std::uint64_t i = 0; i < event_count; ++i) {
      thread.write(RawKind::allocate, before_now(session_->clock), 16 + i, 8);
      thread.hand_over();
    }
    is_over = true;
  });
  while (!is_over) collector_.collect();
  fast.join();
  collector_.collect();
  ASSERT_EQ(here().events.size(), event_count);
  for (std::uint64_t i = 0; i < event_count; ++i) ASSERT_EQ(here().events[i].address, 16 + i);
}

// The thread gets the buffer that it has waited for while the recorder reads, and ends.
struct LastWords final : ProcessSinkFactory {
  struct Sink final : ProcessSink {
    explicit Sink(RecordedThread& its_thread) : thread(its_thread) {}
    void add(std::span<const RawEvent> events) override {
      if (events.front().stamp == 1) thread.write(RawKind::deallocate, 2, 16);
    }
    void expect(std::span<const RawEvent>) noexcept override {}
    void end_thread(std::uint32_t) override {}
    RecordedThread& thread;
  };

  explicit LastWords(RecordedThread& its_thread) : thread(its_thread) {}
  [[nodiscard]] std::unique_ptr<ProcessSink> begin_process(std::int32_t) override {
    return std::make_unique<Sink>(thread);
  }
  RecordedThread& thread;
};

// What it wrote last was taken for another process, which had a file of its own.
TEST(Collector, AProcessThatEndsDuringARoundIsLeftAfterTheNext) {
  TestSession session;
  RecordedThread thread(*session, {.process_id = dead_process, .thread_id = dead_thread});
  thread.write(RawKind::allocate, 1, 16, 8);
  thread.hand_over();
  LastWords sinks(thread);
  Collector collector(*session, sinks);
  for (int round = 0; round < 4; ++round) {
    collector.collect();
    collector.sweep();
  }
  EXPECT_FALSE(collector.has_processes());
  EXPECT_EQ(collector.stats().event_count, 2u);
  EXPECT_EQ(collector.stats().process_count, 1u);
}

void* wait_for_end(void*) {
  pause();
  return nullptr;
}

// The other thread is still to write its first event.
TEST_F(Collecting, AProcessGoesOnWhenItsFirstThreadHasLeft) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t other;
    if (pthread_create(&other, nullptr, wait_for_end, nullptr) != 0) _exit(1);
    syscall(SYS_exit, 0);  // of this thread alone
  }
  while (is_thread_alive(child, child)) std::this_thread::yield();
  RecordedThread first(*session_, {.process_id = child, .thread_id = child});
  first.write(RawKind::allocate, 1, 16, 8);
  for (int round = 0; round < 3; ++round) collect_to_the_end();
  EXPECT_TRUE(collector_.has_processes());
  EXPECT_EQ(kill(child, SIGKILL), 0);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  collect_to_the_end();
  EXPECT_FALSE(collector_.has_processes());
  EXPECT_EQ(collector_.stats().event_count, 1u);
}

TEST_F(Collecting, ThreadsComeInTheOrderOfTheirStamps) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  std::vector<RecordedThread> threads;
  for (std::uint32_t i = 1; i <= 5; ++i) threads.push_back({*session_, {.thread = i}});
  constexpr std::uint64_t event_count = 20000;
  for (std::uint64_t stamp = 0; stamp < event_count; ++stamp) {
    threads[random() % threads.size()].write(RawKind::allocate, stamp, 16 + stamp, 8);
    if (random() % 1000 == 0) collector_.collect();
  }
  collector_.collect();
  ASSERT_EQ(here().events.size(), event_count);
  for (std::uint64_t i = 0; i < event_count; ++i) ASSERT_EQ(here().events[i].stamp, i);
  EXPECT_EQ(collector_.stats().event_count, event_count);
}

// The free is written before the other thread can get the address, so whoever finds the second
// record finds the first one, however it is stored: here in a buffer that comes later.
TEST_F(Collecting, AnAddressThatGoesToAnotherThreadIsFreedFirst) {
  RecordedThread second(*session_, {.thread = 2});
  RecordedThread first(*session_, {.thread = 1});
  second.write(RawKind::allocate, 30, 0x10, 8);
  first.write(RawKind::allocate, 10, 0x10, 8);
  first.write(RawKind::deallocate, 20, 0x10);
  second.write(RawKind::deallocate, 40, 0x10);
  collector_.collect();
  std::vector<std::uint32_t> threads;
  for (const RawEvent& event : here().events) threads.push_back(event.thread);
  EXPECT_EQ(threads, (std::vector<std::uint32_t>{1, 1, 2, 2}));
}

TEST_F(Collecting, FullBuffersAreFreedAndTheRestStays) {
  RecordedThread thread(*session_, {});
  thread.write(RawKind::deallocate, 1, 16);
  thread.hand_over();
  thread.write(RawKind::deallocate, 2, 16);
  collect_to_the_end();
  EXPECT_EQ(here().events.size(), 2u);
  EXPECT_EQ(claimed_count(), 1) << "a thread that is alive goes on in its buffer";
  EXPECT_TRUE(here().ended_threads.empty());
  EXPECT_TRUE(collector_.has_processes());
}

TEST_F(Collecting, WhatAThreadLeavesBehindIsReadToItsEnd) {
  RecordedThread thread(*session_, {.thread = 2, .thread_id = dead_thread});
  thread.write(RawKind::allocate, 1, 16, 8);
  thread.hand_over();
  thread.write(RawKind::deallocate, 2, 16);
  thread.buffer().nested_count.store(3);
  collect_to_the_end();
  EXPECT_EQ(here().events.size(), 2u);
  EXPECT_EQ(here().ended_threads, std::vector<std::uint32_t>{2});
  EXPECT_EQ(collector_.stats().nested_count, 3u);
  EXPECT_EQ(claimed_count(), 0);
}

TEST_F(Collecting, AKilledProcessIsLeftWhenAllOfItHasBeenRead) {
  RecordedThread first(*session_, {.process_id = dead_process, .thread_id = dead_process});
  RecordedThread second(*session_,
                        {.thread = 2, .process_id = dead_process, .thread_id = dead_thread});
  for (std::uint64_t i = 0; i < 5000; ++i) {
    first.write(RawKind::deallocate, 2 * i, 16);
    second.write(RawKind::deallocate, 2 * i + 1, 16);
  }
  collect_to_the_end();
  const NotedProcess& killed = sinks_.processes[dead_process];
  EXPECT_EQ(killed.events.size(), 10000u);
  EXPECT_EQ(killed.ended_threads.size(), 2u);
  EXPECT_TRUE(killed.has_ended);
  EXPECT_FALSE(collector_.has_processes());
  EXPECT_EQ(claimed_count(), 0);
}

TEST_F(Collecting, ANumberThatIsUsedAgainEndsWhoHadItBefore) {
  RecordedThread before(*session_, {.thread = 2});
  before.write(RawKind::deallocate, 1, 16);
  RecordedThread after(*session_, {.thread = 3});
  after.write(RawKind::deallocate, 2, 16);
  collect_to_the_end();
  EXPECT_EQ(here().ended_threads, std::vector<std::uint32_t>{2});
}

// Killed before it could say whose buffer it is: nobody asks for its records.
TEST_F(Collecting, ABufferThatADyingThreadHasClaimedIsNobodys) {
  ASSERT_NE(claim_buffer(*session_), nullptr);
  collect_to_the_end();
  EXPECT_EQ(collector_.stats().process_count, 0u);
  EXPECT_FALSE(collector_.has_processes());
}

// What a buffer says of itself is read once. It was looked up again, and found nowhere.
TEST_F(Collecting, ABufferThatBecomesAnothersIsStillTheOld) {
  RecordedThread thread(*session_, {});
  thread.write(RawKind::deallocate, 1, 16);
  collector_.collect();
  thread.buffer().process = 99;
  thread.buffer().thread = 98;
  thread.hand_over();
  collect_to_the_end();
  EXPECT_EQ(claimed_count(), 0);
  EXPECT_EQ(collector_.stats().process_count, 1u);
}

TEST_F(Collecting, ADamagedBufferEndsWithItsProcess) {
  RecordedThread thread(*session_, {.process_id = dead_process, .thread_id = dead_process});
  thread.write(RawKind::deallocate, 1, 16);
  thread.append(UINT64_MAX << 8 | static_cast<std::uint64_t>(RawKind::deallocate));
  thread.append(16);
  thread.publish(4);
  collect_to_the_end();
  EXPECT_EQ(sinks_.processes[dead_process].events.size(), 1u);
  EXPECT_EQ(collector_.stats().damaged_count, 1u);
  EXPECT_FALSE(collector_.has_processes()) << "the recorder would wait for ever";
}

// A program that has lost its mind, in every word of its buffers.
TEST_F(Collecting, AnyContentOfTheBuffersStopsNobody) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  for (int round = 0; round < 50; ++round) {
    for (std::uint32_t i = 1; i <= 4; ++i) {
      RecordedThread thread(*session_, {.thread = i, .thread_id = dead_thread});
      thread.write(RawKind::deallocate, 1, 16);
      if (i % 2 == 0) collector_.collect();
      Buffer& buffer = thread.buffer();
      for (std::uint64_t& word : buffer.words) word = random() >> random() % 64;
      buffer.word_count.store(random() >> random() % 64);
      buffer.process = static_cast<std::uint32_t>(random() % 3);
      buffer.thread = static_cast<std::uint32_t>(random() % 3);
      buffer.sequence = static_cast<std::uint32_t>(random() % 3);
      if (random() % 2 == 0) thread.hand_over();
    }
    collect_to_the_end();
  }
  EXPECT_EQ(claimed_count(), 0);
}

}  // namespace
}  // namespace tarn::record
