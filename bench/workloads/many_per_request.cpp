// bench/workloads/many_per_request.cpp - K blocks of 8..256 bytes per request, in a pool that is
// reset and used again, and in one that is made and destroyed each time.

#include "bench/workload.hpp"

namespace tarn::bench {
namespace {

// Requests differ, so that no branch predictor learns one by heart: together they ask for at least
// this many blocks.
constexpr std::size_t size_count = 8192;

class Requests {
 public:
  explicit Requests(std::size_t block_count)
      : block_count_(block_count),
        sizes_(sizes_of(
            lifetimes_workload(size_count / block_count, block_count, 8, 256, workload_seed))) {}

  const std::uint32_t* next() {
    begin_ = begin_ + block_count_ < sizes_.size() ? begin_ + block_count_ : 0;
    return &sizes_[begin_];
  }

 private:
  std::size_t block_count_;
  std::size_t begin_ = 0;
  Sizes sizes_;
};

template <typename P>
void reset_each(benchmark::State& state, std::size_t block_count) {
  Requests requests(block_count);
  P pool;
  benchmark::DoNotOptimize(&pool);
  for (auto _ : state) {
    allocate_all(pool, requests.next(), block_count);
    pool.reset();
  }
  set_operations(state, block_count);
}

template <typename P>
void create_each(benchmark::State& state, std::size_t block_count) {
  Requests requests(block_count);
  for (auto _ : state) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    allocate_all(pool, requests.next(), block_count);
  }
  set_operations(state, block_count);
}

}  // namespace

void add_many_per_request() {
  for (const std::size_t block_count : {16, 64, 256, 1024, 4096}) {
    const std::string argument = std::to_string(block_count);
    for_each_peer([&]<Peer P>() {
      add("create", argument, P::name, [=](auto& state) { create_each<P>(state, block_count); });
      if constexpr (ResettablePeer<P>) {
        add("reset", argument, P::name, [=](auto& state) { reset_each<P>(state, block_count); });
      }
    });
  }
}

}  // namespace tarn::bench
