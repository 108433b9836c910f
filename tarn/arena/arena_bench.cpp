// tarn/arena/arena_bench.cpp - what the calls of an arena cost by themselves, malloc beside them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "tarn/arena/arena.hpp"

namespace {

struct Malloc {
  void* try_allocate(std::size_t bytes) { return std::malloc(bytes); }
  void deallocate(void* block) { std::free(block); }
};

struct Netty : tarn::Arena {
  Netty() : Arena(tarn::ArenaOptions::netty_4_1()) {}
};

void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::ClobberMemory();
}

template <typename Pool>
void pair(benchmark::State& state) {
  Pool pool;
  const auto bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const block = pool.try_allocate(bytes);
    touch(block);
    pool.deallocate(block);
  }
}
#define TARN_SIZES Arg(64)->Arg(256)->Arg(1024)->Arg(8192)->Arg(65536)
BENCHMARK(pair<tarn::Arena>)->TARN_SIZES;
BENCHMARK(pair<Netty>)->TARN_SIZES;
BENCHMARK(pair<Malloc>)->TARN_SIZES;

// 1024 blocks of a size live; any of them is given back for another.
template <typename Pool>
void random_victim(benchmark::State& state) {
  Pool pool;
  const auto bytes = static_cast<std::size_t>(state.range(0));
  std::vector<void*> blocks(1024);
  for (void*& block : blocks) touch(block = pool.try_allocate(bytes));
  std::minstd_rand random(1);
  for (auto _ : state) {
    void*& block = blocks[random() % blocks.size()];
    pool.deallocate(block);
    touch(block = pool.try_allocate(bytes));
  }
  for (void* const block : blocks) pool.deallocate(block);
}
BENCHMARK(random_victim<tarn::Arena>)->TARN_SIZES;
BENCHMARK(random_victim<Netty>)->TARN_SIZES;
BENCHMARK(random_victim<Malloc>)->TARN_SIZES;

}  // namespace
