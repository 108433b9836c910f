// bench/slot_workloads/random_order.cpp - 10 000 blocks are allocated, then deallocated in a random
// order, again and again: what a pool costs when its memory is not where it was left.

#include <array>
#include <cstdint>

#include "bench/slot_workload.hpp"
#include "testing/workloads.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t block_count = 10000;
using Blocks = std::array<void*, block_count>;
using Order = std::array<std::uint32_t, block_count>;

// Several orders, so that no branch predictor learns one by heart.
constexpr std::size_t order_count = 8;

Order draw_order(std::uint64_t seed) {
  Order order{};
  auto next = order.begin();
  for (const trace::Operation& operation : freeing_workload(block_count, slot_bytes, seed)) {
    if (operation.kind != trace::Kind::deallocate) continue;
    *next++ = static_cast<std::uint32_t>(operation.block - 1);  // blocks count from 1
  }
  return order;
}

const std::array<Order, order_count>& orders() {
  static const std::array<Order, order_count> result = [] {
    std::array<Order, order_count> drawn;
    std::uint64_t seed = workload_seed;
    for (Order& order : drawn) order = draw_order(seed++);
    return drawn;
  }();
  return result;
}

template <typename P>
[[gnu::noinline]] void fill_and_empty(P& pool, Blocks& blocks, const Order& order) {
  for (void*& block : blocks) {
    block = pool.allocate();
    touch(block);
  }
  for (const std::uint32_t index : order) pool.deallocate(blocks[index]);
}

template <typename P>
void random_order(benchmark::State& state) {
  P pool;
  benchmark::DoNotOptimize(&pool);
  static Blocks blocks;
  std::size_t round = 0;
  for (auto _ : state) fill_and_empty(pool, blocks, orders()[round++ % order_count]);
  set_operations(state, block_count);
}

}  // namespace

void add_random_order() {
  for_each_single_peer<slot_bytes>([]<SlotPeer P>() {
    // Its deallocation searches a list: 10 000 of them take a second.
    if (std::string(P::name) == "object_pool") return;
    add("random", "one thread's", P::name, random_order<P>);
  });
  for_each_shared_peer<slot_bytes>(
      []<SlotPeer P>() { add("random", "any thread's", P::name, random_order<P>); });
}

}  // namespace tarn::bench
