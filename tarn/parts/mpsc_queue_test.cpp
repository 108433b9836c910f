// Goal: items come out once each, in the order in which one thread put them in; a full queue
// refuses, no other does, and an empty one is told from one that is being filled.

#include "tarn/parts/mpsc_queue.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

void* item(std::uintptr_t number) { return reinterpret_cast<void*>(number); }
std::uintptr_t number(void* popped) { return reinterpret_cast<std::uintptr_t>(popped); }

TEST(MpscQueue, WithoutSlotsTakesNothing) {
  MpscQueue queue;
  EXPECT_FALSE(queue.try_push(item(1)));
  EXPECT_EQ(queue.try_pop(), nullptr);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(MpscQueue, FirstInFirstOutRoundTheRing) {
  MpscQueue queue;
  std::array<MpscQueue::Slot, 4> slots;
  queue.begin(slots.data(), slots.size());
  std::uintptr_t pushed = 0;
  std::uintptr_t popped = 0;
  for (int round = 0; round < 5; ++round) {
    while (queue.try_push(item(pushed + 1))) ++pushed;
    EXPECT_EQ(queue.count(), 4u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(number(queue.pop()), ++popped);
  }
  EXPECT_EQ(number(queue.try_pop()), ++popped);
  EXPECT_EQ(queue.try_pop(), nullptr);
  EXPECT_EQ(pushed, popped);
}

TEST(MpscQueue, ProducersAtOnceLoseNothing) {
  constexpr std::uintptr_t producer_count = 3;
  constexpr std::uintptr_t count_of_each = 20000;
  MpscQueue queue;
  std::array<MpscQueue::Slot, 64> slots;
  queue.begin(slots.data(), slots.size());
  std::vector<std::thread> producers;
  for (std::uintptr_t producer = 0; producer < producer_count; ++producer) {
    producers.emplace_back([&queue, producer] {
      for (std::uintptr_t i = 1; i <= count_of_each; ++i) {
        while (!queue.try_push(item(i * producer_count + producer))) std::this_thread::yield();
      }
    });
  }
  std::uintptr_t last_of[producer_count] = {};
  for (std::uintptr_t count = 0; count < producer_count * count_of_each;) {
    void* const popped = count % 2 == 0 ? queue.pop() : queue.try_pop();
    if (popped == nullptr) {
      std::this_thread::yield();
      continue;
    }
    std::uintptr_t& last = last_of[number(popped) % producer_count];
    ASSERT_EQ(number(popped) / producer_count, last + 1);
    ++last;
    ++count;
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(queue.count(), 0u);
}

// A producer may be overtaken after it has read the tail, by others that push and the owner that
// pops: what it sees then is no full queue, and its exchange fails.
TEST(MpscQueue, HasRoomAtAPlaceThatItIsPast) {
  MpscQueue queue;
  std::array<MpscQueue::Slot, 2> slots;
  queue.begin(slots.data(), slots.size());
  EXPECT_TRUE(queue.has_room_at(0));
  EXPECT_FALSE(queue.has_room_at(2));
  for (std::uintptr_t i = 1; i <= 3; ++i) {
    EXPECT_TRUE(queue.try_push(item(i)));
    EXPECT_EQ(number(queue.pop()), i);
  }
  EXPECT_TRUE(queue.has_room_at(0));
  EXPECT_TRUE(queue.has_room_at(4));
  EXPECT_FALSE(queue.has_room_at(5));
}

}  // namespace
}  // namespace tarn
