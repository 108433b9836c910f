#include "tarn/os/thread.hpp"

#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Thread, IdentityIsTheSameOnOneThread) {
  EXPECT_NE(this_thread_identity(), 0u);
  EXPECT_EQ(this_thread_identity(), this_thread_identity());
}

TEST(Thread, ThreadsThatLiveTogetherDiffer) {
  constexpr std::size_t thread_count = 8;
  std::array<std::uintptr_t, thread_count> identities{};
  // Pairs with itself: the increment of the last thread lets all others end.
  std::atomic<std::size_t> started{0};
  std::vector<std::thread> threads;
  for (std::uintptr_t& identity : identities) {
    threads.emplace_back([&identity, &started] {
      identity = this_thread_identity();
      started.fetch_add(1);
      while (started.load() != thread_count) std::this_thread::yield();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::uintptr_t> different(identities.begin(), identities.end());
  different.insert(this_thread_identity());
  EXPECT_EQ(different.size(), thread_count + 1);
}

TEST(Thread, WhatIsRegisteredRunsAtItsEndLastFirst) {
  struct Journal {
    std::vector<int> entries;
    bool registered = false;
  } journal;
  std::thread([&journal] {
    journal.registered =
        run_at_thread_exit([](void* it) { static_cast<Journal*>(it)->entries.push_back(1); },
                           &journal) &&
        run_at_thread_exit([](void* it) { static_cast<Journal*>(it)->entries.push_back(2); },
                           &journal);
    journal.entries.push_back(0);
  }).join();
  EXPECT_TRUE(journal.registered);
  EXPECT_EQ(journal.entries, (std::vector<int>{0, 2, 1}));
}

}  // namespace
}  // namespace tarn
