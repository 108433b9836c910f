// bench/instructions.cpp - instructions per operation, which no neighbour on the machine disturbs.
//
//     for each operation:  zero the counter | run it `few` times  | dump "name few"
//                          zero the counter | run it `many` times | dump "name many"
//
// Run under callgrind by scripts/bench, which divides the difference of the two: what the loop's
// surroundings cost falls out. Run by itself it only goes through the motions.

#include <string>
#include <vector>

#include <valgrind/callgrind.h>

#include "bench/arena_peers/all_arenas.hpp"
#include "bench/slot_peers/all_slots.hpp"
#include "bench/workload.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/region/region.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t few = 1000;
constexpr std::size_t many = 3000;

/// Measures `run(count)`, which does the operation `count` times.
template <typename Run>
void measure(const std::string& operation, const std::string& peer, Run run) {
  run(many);  // what is made once is made now
  for (const std::size_t count : {few, many}) {
    const std::string name = operation + "/" + peer + "/" + std::to_string(count);
    CALLGRIND_ZERO_STATS;
    run(count);
    CALLGRIND_DUMP_STATS_AT(name.c_str());
  }
}

// Sizes are the same in every thousand, so that the difference is of like with like.
std::uint32_t drawn_size(std::size_t index) {
  static const Sizes sizes = sizes_of(lifetimes_workload(1, few, 8, 256, workload_seed));
  return sizes[index % few];
}

template <typename P>
void measure_peer() {
  measure("allocate 16 B", P::name, [](std::size_t count) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(pool.allocate(16));
  });
  measure("allocate 8..256 B", P::name, [](std::size_t count) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(pool.allocate(drawn_size(i)));
  });
  measure("create, destroy", P::name, [](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      P pool;
      benchmark::DoNotOptimize(&pool);
    }
  });
  measure("create, allocate, destroy", P::name, [](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      P pool;
      benchmark::DoNotOptimize(&pool);
      benchmark::DoNotOptimize(pool.allocate(16));
    }
  });
}

// Does `operation(region)` in a region that has room for all of them.
template <typename Operation>
void measure_region(const std::string& name, Operation operation) {
  measure(name, "tarn", [=](std::size_t count) {
    Region region({.first_chunk_bytes = 1 << 20, .chunk_bytes_max = 1 << 20});
    benchmark::DoNotOptimize(&region);
    for (std::size_t i = 0; i < count; ++i) operation(region);
  });
}

// Frees a large block and asks for another, with `live_count` of them alive.
void measure_large(std::size_t live_count) {
  measure("large: free, allocate, of " + std::to_string(live_count), "tarn",
          [=](std::size_t count) {
            constexpr std::size_t bytes = 4096;
            Region region({.first_chunk_bytes = bytes, .chunk_bytes_max = bytes});
            std::vector<void*> blocks(live_count);
            for (void*& block : blocks) block = region.allocate(bytes);
            for (std::size_t i = 0; i < count; ++i) {
              void*& block = blocks[i * 7919 % live_count];
              region.deallocate_large(block);
              block = region.allocate(bytes);
            }
          });
}

void measure_region_alone() {
  measure_large(100);
  measure_large(10000);
  measure_region("allocate 16 B, no refill",
                 [](Region& region) { benchmark::DoNotOptimize(region.allocate(16)); });
  measure_region("allocate 16 B, alignment 1",
                 [](Region& region) { benchmark::DoNotOptimize(region.allocate(16, 1)); });
  measure("try_extend by 8 B", "tarn", [](std::size_t count) {
    Region region({.first_chunk_bytes = 1 << 20, .chunk_bytes_max = 1 << 20});
    benchmark::DoNotOptimize(&region);
    void* const block = region.allocate(8);
    for (std::size_t i = 1; i <= count; ++i) {
      benchmark::DoNotOptimize(region.try_extend(block, 8 * i, 8 * (i + 1)));
    }
  });
  measure_region("mark, rewind", [](Region& region) {
    const Region::Mark mark = region.mark();
    region.rewind(mark);
  });
  measure_region("add_cleanup, cancel", [](Region& region) {
    region.cancel(region.add_cleanup([](void*) noexcept {}, nullptr));
  });
  measure_region("child: create, destroy", [](Region& region) {
    Region child(region);
    benchmark::DoNotOptimize(&child);
  });
}

constexpr std::size_t slot_bytes = 48;

template <typename P>
void measure_slots(const std::string& operation) {
  measure(operation, P::name, [](std::size_t count) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    for (std::size_t i = 0; i < count; ++i) {
      void* const block = pool.allocate();
      benchmark::DoNotOptimize(block);
      pool.deallocate(block);
    }
  });
}

void measure_all_slots() {
  for_each_single_peer<slot_bytes>(
      []<SlotPeer P>() { measure_slots<P>("slots, one thread's pair"); });
  for_each_shared_peer<slot_bytes>(
      []<SlotPeer P>() { measure_slots<P>("slots, any thread's pair"); });
}

// Does `pair(pool)` with a pool for any size.
template <typename P, typename Pair>
void measure_arena(const std::string& operation, const char* peer, Pair pair) {
  measure("arena: " + operation, peer, [=](std::size_t count) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    for (std::size_t i = 0; i < count; ++i) pair(pool, drawn_size(i));
  });
}

void measure_all_arenas() {
  for_each_arena_peer([]<ArenaPeer P>() {
    measure_arena<P>("8..256 B, a pair", P::name, [](P& pool, std::size_t bytes) {
      void* const block = pool.allocate(bytes);
      benchmark::DoNotOptimize(block);
      pool.deallocate(block);
    });
  });
  measure_arena<Arena>("8..256 B, a pair, the size said", "tarn",
                       [](Arena& arena, std::size_t bytes) {
                         void* const block = arena.allocate(bytes);
                         benchmark::DoNotOptimize(block);
                         arena.deallocate(block, bytes, fundamental_alignment);
                       });
  measure_arena<BufferPool>("8..256 B, a buffer", "tarn", [](BufferPool& pool, std::size_t bytes) {
    const Buffer buffer = pool.allocate(bytes);
    benchmark::DoNotOptimize(&buffer);
  });
}

}  // namespace
}  // namespace tarn::bench

int main() {
  tarn::bench::for_each_peer([]<tarn::bench::Peer P>() { tarn::bench::measure_peer<P>(); });
  tarn::bench::measure_region_alone();
  tarn::bench::measure_all_slots();
  tarn::bench::measure_all_arenas();
}
