// tarn/trial/litter.hpp - blocks that make a heap as a program leaves it that has run for days.
//
//     |####|##|#######|###|##|          blocks of sizes that the plan has, as many bytes as wished
//     |####|  |#######|   |##|          a random half of them has ended when the trial begins
//
// After the litterer of Berger and van Kempen (2026): an allocator that has just begun flatters
// itself, for it has no holes to fill.
//
// Threads:    one at a time.
// Failure:    memory refused: fewer blocks. std::bad_alloc for the list of them.
// Lifetime:   the pool outlives it; the other half ends with it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "tarn/base/concepts.hpp"
#include "tarn/replay/pool_calls.hpp"
#include "tarn/trial/plan.hpp"

namespace tarn::trial {

template <Pool P>
class Litter {
 public:
  Litter(P& pool, const Plan& plan, std::uint64_t wanted_bytes) : pool_(pool) {
    std::mt19937_64 random(1);  // the same litter for every allocator
    make(plan, wanted_bytes, random);
    std::shuffle(blocks_.begin(), blocks_.end(), random);
    const std::size_t kept_count = blocks_.size() / 2;
    while (blocks_.size() > kept_count) end_last();
  }

  ~Litter() {
    while (!blocks_.empty()) end_last();
  }

  Litter(const Litter&) = delete;
  Litter& operator=(const Litter&) = delete;

  [[nodiscard]] std::size_t block_count() const noexcept { return blocks_.size(); }

 private:
  struct Block {
    void* address;
    std::size_t bytes;
    std::size_t alignment;
  };

  void make(const Plan& plan, std::uint64_t wanted_bytes, std::mt19937_64& random) {
    std::uint64_t made_bytes = 0;
    while (made_bytes < wanted_bytes) {
      const Step& step = plan.steps()[random() % plan.steps().size()];
      const bool is_allocation =
          step.kind == StepKind::allocate || step.kind == StepKind::allocate_zeroed;
      if (!is_allocation || step.bytes == 0) continue;
      const auto bytes = static_cast<std::size_t>(step.bytes);
      auto* const block = static_cast<char*>(pool_.try_allocate(bytes, step.alignment()));
      if (block == nullptr) return;
      std::fill_n(block, bytes, '\1');
      blocks_.push_back({block, bytes, step.alignment()});
      made_bytes += step.bytes;
    }
  }

  void end_last() noexcept {
    const Block block = blocks_.back();
    blocks_.pop_back();
    replay::deallocate(pool_, block.address, block.bytes, block.alignment);
  }

  P& pool_;
  std::vector<Block> blocks_;
};

}  // namespace tarn::trial
