// Goal: a fork passes while a cache of slabs uses another pool as its source. Method: whenever the
// source is called, with the cache locked, another thread forks and waits for that lock; an alarm
// ends a fork that hangs.

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/adapt/pool_resource.hpp"
#include "tarn/arena/arena.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/pmr_source.hpp"
#include "testing/every_checking.hpp"
#include "testing/in_child.hpp"

namespace tarn {
namespace {

#if !defined(__SANITIZE_THREAD__)
// Goes on to `upstream` when a fork waits.
class ForkedSource final : public Source {
 public:
  explicit ForkedSource(Source& upstream) noexcept : upstream_(upstream) {}

  void fork_when_called() {
    while (!is_called_.exchange(false)) std::this_thread::yield();
    EXPECT_EQ(exit_code_in_child([] {}), 0);
  }
  void stop() noexcept { is_over_ = true; }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    wait_for_a_fork();
    return upstream_.acquire(bytes, alignment);
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    wait_for_a_fork();
    upstream_.release(chunk, bytes, alignment);
  }
  void wait_for_a_fork() noexcept {
    is_called_ = true;
    while (!is_over_ && detail::waiting_fork_count.load() == 0) std::this_thread::yield();
  }

  Source& upstream_;
  std::atomic<bool> is_called_{false};
  std::atomic<bool> is_over_{false};
};

class ForkAdapt : public testing::TestWithParam<Checking> {
 protected:
  static void fork_while_slabs_come_from(std::pmr::memory_resource& resource) {
    PmrSource upstream(resource);
    ForkedSource source(upstream);
    SlabCache cache(4096, {.source = &source, .empty_bytes_max = 0, .checking = GetParam()});
    std::thread other([&] {
      std::vector<void*> blocks(40);
      while (!source.is_over()) {
        for (void*& block : blocks) block = cache.allocate();
        for (void* const block : blocks) cache.deallocate(block);
        cache.trim();
      }
    });
    for (int round = 0; round < 100; ++round) source.fork_when_called();
    source.stop();
    other.join();
  }
};
INSTANTIATE_TEST_SUITE_P(Checking, ForkAdapt, every_checking);

// A fork that took the arena's locks first would wait for the cache's for ever.
TEST_P(ForkAdapt, ForksPassWhileACacheOfSlabsUsesAnArena) {
  Arena arena;
  fork_while_slabs_come_from(arena);
}

// If the thread that holds a lock let the fork go first at the second cache, each would wait for
// the other.
TEST_P(ForkAdapt, ForksPassWhileACacheOfSlabsUsesAnother) {
  SlabCache slabs(65536, 65536);
  PoolResource resource(slabs);
  fork_while_slabs_come_from(resource);
}
#endif

}  // namespace
}  // namespace tarn
