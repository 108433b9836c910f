#include "tarn/os/futex.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Futex, AnotherValueIsNoReasonToSleep) {
  std::atomic<std::uint32_t> word{1};
  sleep_while(word, 2, 3'600'000'000'000);
  EXPECT_EQ(word, 1u);
}

TEST(Futex, ASleeperIsWoken) {
  std::atomic<std::uint32_t> word{0};
  std::thread sleeper([&] {
    while (word == 0) sleep_while(word, 0, 3'600'000'000'000);
  });
  word = 1;
  wake_all(word);
  sleeper.join();
}

TEST(Futex, TimePasses) {
  const std::atomic<std::uint32_t> word{0};
  sleep_while(word, 0, 1'000'000);
  EXPECT_EQ(word, 0u);
}

}  // namespace
}  // namespace tarn
