// bench/workloads/large_free.cpp - N large blocks freed one by one in random order; only the
// frees are timed.
//
// Twice for tarn: over the heap, as it comes, and over a source that never looks at the blocks,
// which shows the region's own part: free() itself grows with N, because it writes to the blocks
// and they stop fitting into the caches.

#include <chrono>

#include "bench/workload.hpp"
#include "tarn/source/source.hpp"

namespace tarn::bench {
namespace {

// What nginx calls large is a page and more.
constexpr std::size_t block_bytes = 4096;

// Gives chunks it got before, by number, from a stack.
class StackSource final : public Source {
 public:
  StackSource() = default;
  ~StackSource() {
    for (void* chunk : chunks_) std::free(chunk);
  }

 private:
  void* do_acquire(std::size_t bytes, std::size_t) noexcept override {
    if (bytes != block_bytes || chunks_.empty())
      return std::aligned_alloc(16, (bytes + 15) & ~15UL);
    void* chunk = chunks_.back();
    chunks_.pop_back();
    return chunk;
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t) noexcept override {
    if (bytes == block_bytes) {
      chunks_.push_back(chunk);
    } else {
      std::free(chunk);
    }
  }

  std::vector<void*> chunks_;
};

class TarnOverStack {
 public:
  static constexpr const char* name = "tarn itself";

  void* allocate(std::size_t bytes) { return region_.allocate(bytes); }
  void deallocate_large(void* block) { region_.deallocate_large(block); }

 private:
  static inline StackSource source_;
  Region region_{{.source = &source_, .first_chunk_bytes = 4096, .chunk_bytes_max = 4096}};
};

class TarnOverHeap {
 public:
  static constexpr const char* name = "tarn";

  void* allocate(std::size_t bytes) { return region_.allocate(bytes); }
  void deallocate_large(void* block) { region_.deallocate_large(block); }

 private:
  Region region_{{.first_chunk_bytes = 4096, .chunk_bytes_max = 4096}};
};

class Free {
 public:
  static constexpr const char* name = "malloc";

  void* allocate(std::size_t bytes) { return std::malloc(bytes); }
  void deallocate_large(void* block) { std::free(block); }
};

// The numbers of the blocks in the order in which a program frees them.
std::vector<std::size_t> freed_order(const trace::Program& program) {
  std::vector<std::size_t> order;
  for (const trace::Operation& operation : program) {
    if (operation.kind == trace::Kind::deallocate) order.push_back(operation.block - 1);
  }
  return order;
}

template <FreeingPeer P>
void free_at_random(benchmark::State& state, std::size_t block_count) {
  const auto order = freed_order(freeing_workload(block_count, block_bytes, workload_seed));
  std::vector<void*> blocks(block_count);
  std::vector<void*> to_free(block_count);
  P pool;
  for (auto _ : state) {
    for (void*& block : blocks) touch(block = pool.allocate(block_bytes), block_bytes);
    for (std::size_t i = 0; i < block_count; ++i) to_free[i] = blocks[order[i]];
    const auto begin = std::chrono::steady_clock::now();
    for (void* block : to_free) pool.deallocate_large(block);
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  set_operations(state, block_count);
}

template <FreeingPeer P>
void add_peer(std::size_t block_count) {
  add("large_free", std::to_string(block_count), P::name, [=](auto& state) {
    free_at_random<P>(state, block_count);
  })->UseManualTime();
}

}  // namespace

void add_large_free() {
  for (const std::size_t block_count : {100, 1000, 10000, 100000}) {
    add_peer<TarnOverHeap>(block_count);
    add_peer<TarnOverStack>(block_count);
    add_peer<Free>(block_count);
#if TARN_BENCH_NGINX
    // Each ngx_pfree walks its list: at 100 000 that is minutes.
    if (block_count <= 10000) add_peer<Nginx<16384>>(block_count);
#endif
  }
}

}  // namespace tarn::bench
