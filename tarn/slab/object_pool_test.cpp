#include "tarn/slab/object_pool.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/heap_source.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

struct Order {
  Order(int its_number, std::string its_text) : number(its_number), text(std::move(its_text)) {
    ++alive_count;
  }
  Order(const Order&) = delete;
  ~Order() { --alive_count; }

  static inline int alive_count = 0;
  int number;
  std::string text;
};

struct alignas(64) Connection {
  Connection() { ++made_count; }
  Connection(const Connection&) = delete;
  ~Connection() { ++ended_count; }
  void reset() noexcept { input.clear(); }

  static inline int made_count = 0;
  static inline int ended_count = 0;
  std::string input;
};

TEST(ObjectPool, MakesAndDestroysEachTime) {
  ObjectPool<Order> pool;
  {
    const Pooled<Order> order = pool.make(7, "a text too long for its own memory, of forty bytes");
    EXPECT_EQ(order->number, 7);
    EXPECT_EQ(Order::alive_count, 1);
  }
  EXPECT_EQ(Order::alive_count, 0);
}

TEST(ObjectPool, HandlesMoveAndAreEmptyAtFirst) {
  ObjectPool<Order> pool;
  Pooled<Order> none;
  EXPECT_EQ(none, nullptr);
  Pooled<Order> order = pool.make(1, "");
  none = std::move(order);
  EXPECT_EQ(order, nullptr);
  EXPECT_EQ(none->number, 1);
  pool.give_back(none.release());
  EXPECT_EQ(Order::alive_count, 0);
}

TEST(ObjectPool, AHandleBecomesShared) {
  ObjectPool<Order> pool;
  std::shared_ptr<Order> first = pool.make(3, "three");
  std::shared_ptr<Order> second = first;
  first.reset();
  EXPECT_EQ(second->text, "three");
  second.reset();
  EXPECT_EQ(Order::alive_count, 0);
}

TEST(ObjectPool, ObjectsEndOnAnotherThread) {
  ObjectPool<Order> pool;
  std::vector<Pooled<Order>> orders;
  for (int number = 0; number < 1000; ++number) orders.push_back(pool.make(number, "text"));
  std::thread([taken = std::move(orders)]() mutable { taken.clear(); }).join();
  EXPECT_EQ(Order::alive_count, 0);
}

TEST(ObjectPool, KeptObjectsAreConstructedOnceAndResetBetweenUses) {
  Connection::made_count = Connection::ended_count = 0;
  {
    ObjectPool<Connection, ResetByMember> pool;
    std::size_t capacity = 0;
    for (int use = 0; use < 100; ++use) {
      const Pooled<Connection, ResetByMember> connection = pool.make();
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(connection.get()) % 64, 0u);
      EXPECT_TRUE(connection->input.empty());
      if (automatic_checking() != Checking::passthrough && use > 0) {
        EXPECT_EQ(connection->input.capacity(), capacity);
      }
      connection->input.assign(1000, 'x');
      capacity = connection->input.capacity();
    }
    if (automatic_checking() != Checking::passthrough) {
      EXPECT_EQ(Connection::made_count, 1);
    }
  }
  EXPECT_EQ(Connection::made_count, Connection::ended_count);
}

TEST(ObjectPool, TryMakeIsEmptyWhenMemoryIsRefused) {
  FailingSource refusing(heap_source());
  refusing.fail_at(0, SIZE_MAX);
  ObjectPool<Order> orders({.source = &refusing});
  EXPECT_EQ(orders.try_make(1, ""), nullptr);
  ObjectPool<Connection, ResetByMember> connections({.source = &refusing});
  EXPECT_EQ(connections.try_make(), nullptr);
  refusing.recover();
  EXPECT_NE(orders.try_make(1, ""), nullptr);
}

#if defined(__cpp_exceptions)
struct Fragile {
  explicit Fragile(bool breaks = true) {
    if (breaks) throw std::runtime_error("broken");
  }
  void reset() noexcept {}
};

TEST(ObjectPool, AThrowingConstructorLeaksNothing) {
  ObjectPool<Fragile> pool({.checking = Checking::guarded});
  EXPECT_THROW(static_cast<void>(pool.make()), std::runtime_error);
  EXPECT_NE(pool.make(false), nullptr);
  EXPECT_EQ(pool.stats().used_count, 0u);
  ObjectPool<Fragile, ResetByMember> kept({.checking = Checking::guarded});
  EXPECT_THROW(static_cast<void>(kept.make()), std::runtime_error);
  EXPECT_EQ(kept.try_make(), nullptr);
  EXPECT_EQ(kept.stats().used_count, 0u);
}

TEST(ObjectPool, MakeThrowsWhenMemoryIsRefused) {
  FailingSource refusing(heap_source());
  refusing.fail_at(0, SIZE_MAX);
  ObjectPool<Order> orders({.source = &refusing});
  EXPECT_THROW(static_cast<void>(orders.make(1, "")), std::bad_alloc);
}
#endif

}  // namespace
}  // namespace tarn
