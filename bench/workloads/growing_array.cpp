// bench/workloads/growing_array.cpp - an array of 8-byte elements that grows by one element at a
// time: in place at the end of a region, copied each time, and with realloc.
//
// The region's first chunk holds the whole array, which is how a region is set up for one.

#include <cstdlib>
#include <cstring>

#include "bench/workload.hpp"

namespace tarn::bench {
namespace {

using Element = std::uint64_t;

// Grows `block` in place where it can, else to a new block with a copy. The old one goes back.
struct InPlace {
  static void* grow(Region& region, void* block, std::size_t bytes, std::size_t new_bytes) {
    if (region.try_extend(block, bytes, new_bytes)) return block;
    void* bigger = region.allocate(new_bytes);
    std::memcpy(bigger, block, bytes);
    return bigger;
  }
};

struct Copying {
  static void* grow(Region& region, void* block, std::size_t bytes, std::size_t new_bytes) {
    void* bigger = region.allocate(new_bytes);
    std::memcpy(bigger, block, bytes);
    region.deallocate(block, bytes);
    return bigger;
  }
};

struct Realloc {
  static void* grow(Region&, void* block, std::size_t, std::size_t new_bytes) {
    return std::realloc(block, new_bytes);
  }
};

// How many bytes the array of a program has after each step.
Sizes array_sizes_of(const trace::Program& program) {
  Sizes sizes;
  for (const trace::Operation& operation : program) {
    if (operation.kind == trace::Kind::allocate || operation.kind == trace::Kind::extend) {
      sizes.push_back(static_cast<std::uint32_t>(operation.bytes));
    }
  }
  return sizes;
}

template <typename Grow>
void append_one_by_one(Region& region, void* block, const std::uint32_t* sizes, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    block = Grow::grow(region, block, sizes[i - 1], sizes[i]);
    static_cast<Element*>(block)[i] = i;
    benchmark::ClobberMemory();
  }
  if constexpr (std::is_same_v<Grow, Realloc>) std::free(block);
}

template <typename Grow>
void grow_array(benchmark::State& state, std::size_t count) {
  const Sizes sizes = array_sizes_of(growing_workload(count, sizeof(Element)));
  const std::size_t array_bytes = sizes.back();
  Region region({.first_chunk_bytes = 2 * array_bytes, .chunk_bytes_max = 2 * array_bytes});
  benchmark::DoNotOptimize(&region);
  for (auto _ : state) {
    void* first =
        std::is_same_v<Grow, Realloc> ? std::malloc(sizes.front()) : region.allocate(sizes.front());
    append_one_by_one<Grow>(region, first, sizes.data(), count);
    region.reset();
  }
  set_operations(state, count);
}

}  // namespace

void add_growing_array() {
  for (const std::size_t count : {100, 1000, 10000, 100000}) {
    const std::string argument = std::to_string(count);
    add("grow", argument, "tarn", [=](auto& state) { grow_array<InPlace>(state, count); });
    add("grow", argument, "malloc", [=](auto& state) { grow_array<Realloc>(state, count); });
  }
  add("grow", "10000", "copying", [](auto& state) { grow_array<Copying>(state, 10000); });
}

}  // namespace tarn::bench
