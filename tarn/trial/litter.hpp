// tarn/trial/litter.hpp - blocks that make a heap as a program leaves it that has run for days.
//
//     |####|##|#######|###|##|          blocks of sizes that the plan has, as many bytes as wished
//     |####|  |#######|   |##|          a random half of them has ended when the trial begins
//
// After the litterer of Berger and van Kempen (2026): an allocator that has just begun flatters
// itself, for it has no holes to fill. The same litter for every allocator.
//
// Threads:    one at a time.
// Failure:    memory refused: fewer blocks.
// Lifetime:   pool, allocations and room outlive it; the other half ends with it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include "tarn/base/concepts.hpp"
#include "tarn/replay/pool_calls.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

struct LitterBlock {
  void* address;
  const Step* step;  // that it is made like
};

/// Calls visit(step) for some of the allocations, drawn at random, the same ones each time, until
/// they are `wanted_bytes` bytes. Requires: there is an allocation, or no byte is wanted.
template <typename Visit>
void draw_litter(std::span<const Step> allocations, std::uint64_t wanted_bytes, Visit&& visit) {
  std::mt19937_64 random(1);
  for (std::uint64_t bytes = 0; bytes < wanted_bytes;) {
    const Step& step = allocations[random() % allocations.size()];
    bytes += std::max<std::uint64_t>(step.bytes, 1);
    visit(step);
  }
}

/// How many blocks that is.
[[nodiscard]] inline std::size_t litter_count(std::span<const Step> allocations,
                                              std::uint64_t wanted_bytes) {
  std::size_t count = 0;
  draw_litter(allocations, wanted_bytes, [&](const Step&) { ++count; });
  return count;
}

template <Pool P>
class Litter {
 public:
  /// Makes the litter, and notes it in `room`, which is for litter_count() blocks.
  Litter(P& pool, std::span<const Step> allocations, std::uint64_t wanted_bytes,
         std::span<LitterBlock> room)
      : pool_(pool), blocks_(room) {
    std::size_t made_count = 0;
    draw_litter(allocations, wanted_bytes, [&](const Step& step) {
      void* const block = pool.try_allocate(static_cast<std::size_t>(step.bytes), step.alignment());
      if (block == nullptr) return;
      std::fill_n(static_cast<char*>(block), step.bytes, '\1');
      room[made_count++] = {block, &step};
    });
    blocks_ = room.first(made_count);
    std::shuffle(blocks_.begin(), blocks_.end(), std::mt19937_64(2));
    while (blocks_.size() > made_count / 2) end_last();
  }

  ~Litter() {
    while (!blocks_.empty()) end_last();
  }

  Litter(const Litter&) = delete;
  Litter& operator=(const Litter&) = delete;

  /// Those that live.
  [[nodiscard]] std::span<const LitterBlock> blocks() const noexcept { return blocks_; }

 private:
  void end_last() noexcept {
    const LitterBlock& block = blocks_.back();
    const auto bytes = static_cast<std::size_t>(block.step->bytes);
    replay::deallocate(pool_, block.address, bytes, block.step->alignment());
    blocks_ = blocks_.first(blocks_.size() - 1);
  }

  P& pool_;
  std::span<LitterBlock> blocks_;
};

}  // namespace tarn::trial
