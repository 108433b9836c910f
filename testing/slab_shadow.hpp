// testing/slab_shadow.hpp - pools of one size run a program while a model watches every step.
//
//     operation --> Replayer<SlabWorld<P>> --> pools --> TrackingSource --> upstream
//                        |                       |             |
//                        +------> shadow: expected bytes of every block, no overlap, how many are
//                                 in use, memory from the source: do they all agree?
//
// Now and then, by the number of the operation, and at the end every pool is trimmed. Then nothing
// is in magazines, and what a cache counts is compared exactly.
//
// Threads:    one at a time.
// Failure:    run_in_slab_shadow() returns what is wrong, or an empty string.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "tarn/os/checking.hpp"
#include "tarn/replay/replayer.hpp"
#include "tarn/replay/slab_world.hpp"
#include "tarn/slab/magazine.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/operation_program.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

// Magazines hold eight blocks as large as these: what a program allocates goes through many.
inline constexpr std::size_t slab_shadow_block_bytes = 1000;
inline constexpr std::size_t slab_shadow_alignment = 16;

/// Sizes around a block's, few kinds: begin, end, allocate, deallocate and what pools can not do.
[[nodiscard]] Alphabet slab_alphabet();

template <typename P, typename Options>
class SlabShadow {
 public:
  /// With `source_may_fail`, memory may be refused at any time.
  SlabShadow(Options options, Source& upstream, bool source_may_fail)
      : source_(upstream),
        world_(slab_shadow_block_bytes, slab_shadow_alignment, with_source(options, source_)),
        source_may_fail_(source_may_fail),
        held_count_max_(magazine_slots_max(options.checking)) {}

  /// Runs the whole program; returns what is wrong and at which operation, or an empty string.
  [[nodiscard]] std::string run(const trace::Program& program) {
    Replayer replayer(world_);
    for (const trace::Operation& operation : program) {
      const Result<replay::Outcome> outcome = replayer.apply(operation);
      if (!outcome) return describe(outcome.error().message);
      if (operation.kind == trace::Kind::allocate) note(replayer, operation);
      forget_ended(replayer);
      check(replayer, held_count_max_);
      if (++operation_count_ % 16 == 0) check_trimmed(replayer);
      if (!wrong_.empty()) return describe(wrong_);
    }
    check_trimmed(replayer);
    return wrong_.empty() ? "" : describe(wrong_);
  }

 private:
  using World = replay::SlabWorld<P, Options>;
  using Replayer = replay::Replayer<World>;

  static Options with_source(Options options, Source& source) {
    options.source = &source;
    return options;
  }

  [[nodiscard]] std::string describe(const std::string& what) const {
    return "operation " + std::to_string(operation_count_) + ": " + what;
  }

  // Whatever is refused must be too large, too strictly aligned, or the source's doing.
  void note(const Replayer& replayer, const trace::Operation& operation) {
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    const bool fits = operation.bytes <= slab_shadow_block_bytes &&
                      operation.alignment() <= slab_shadow_alignment;
    if (block.address == nullptr) {
      if (fits && !source_may_fail_) wrong_ = "a block was refused";
      return;
    }
    if (!fits) wrong_ = "a block was given that can not fit";
    const auto first = reinterpret_cast<std::uintptr_t>(block.address);
    if (first % slab_shadow_alignment != 0) wrong_ = "a block is not aligned";
    if (!source_.contains(block.address, slab_shadow_block_bytes)) wrong_ = "a block is nowhere";
    const auto next = starts_.lower_bound(first);
    if ((next != starts_.end() && next->first < first + slab_shadow_block_bytes) ||
        (next != starts_.begin() && std::prev(next)->first + slab_shadow_block_bytes > first)) {
      wrong_ = "two blocks overlap";
    }
    starts_[first] = operation.block;
    std::memset(block.address, pattern(operation.block), slab_shadow_block_bytes);
  }

  static unsigned char pattern(std::uint64_t id) noexcept {
    return static_cast<unsigned char>(id * 37 + 1);
  }

  void forget_ended(const Replayer& replayer) {
    for (auto start = starts_.begin(); start != starts_.end();) {
      start = replayer.blocks().contains(start->second) ? std::next(start) : starts_.erase(start);
    }
  }

  template <typename Visit>
  void for_each_pool(const Replayer& replayer, Visit visit) {
    for (const auto& [id, pool] : replayer.ledger().pools()) {
      if (auto* const slots = replayer.pool(id)) visit(id, slots->pool());
    }
    visit(trace::heap_pool, replayer.pool(trace::heap_pool)->pool());
  }

  // No slab is left of which no block is in use.
  void check_trimmed(const Replayer& replayer) {
    for_each_pool(replayer, [](std::uint32_t, P& pool) { pool.trim(); });
    check(replayer, 0);
    for_each_pool(replayer, [&](std::uint32_t id, P& pool) {
      const auto stats = pool.stats();
      if (stats.slab_count > stats.used_count) {
        wrong_ = "trimmed, pool " + std::to_string(id) + " has " +
                 std::to_string(stats.slab_count) + " slabs for " +
                 std::to_string(stats.used_count) + " blocks in use";
      }
    });
  }

  void check(const Replayer& replayer, std::size_t held_count_max) {
    std::map<std::uint32_t, std::size_t> used_counts;
    for (const auto& [id, block] : replayer.blocks()) {
      if (block.address == nullptr) continue;
      ++used_counts[block.pool];
      const auto* const bytes = static_cast<const unsigned char*>(block.address);
      const bool are_alike = std::memcmp(bytes, bytes + 1, slab_shadow_block_bytes - 1) == 0;
      if (!are_alike || bytes[0] != pattern(id)) wrong_ = "a block has lost its bytes";
    }
    for_each_pool(replayer, [&](std::uint32_t id, P& pool) {
      const auto stats = pool.stats();
      if (stats.used_count < used_counts[id] ||
          stats.used_count > used_counts[id] + held_count_max) {
        wrong_ = "pool " + std::to_string(id) + " counts " + std::to_string(stats.used_count) +
                 " blocks in use, there are " + std::to_string(used_counts[id]);
      }
    });
  }

  // What a thread's magazines hold counts as used. A cache that checks has none.
  [[nodiscard]] static std::size_t magazine_slots_max(Checking checking) {
    constexpr bool is_cache = requires(P & pool) { pool.decay(); };
    if (checking == Checking::automatic) checking = automatic_checking();
    return is_cache && checking == Checking::off ? 2 * detail::magazine_rounds_max : 0;
  }

  TrackingSource source_;
  World world_;
  bool source_may_fail_;
  std::size_t held_count_max_;
  std::map<std::uintptr_t, std::uint64_t> starts_;
  std::size_t operation_count_ = 0;
  std::string wrong_;
};

template <typename P, typename Options>
[[nodiscard]] std::string run_in_slab_shadow(const trace::Program& program, const Options& options,
                                             Source& upstream = heap_source(),
                                             bool source_may_fail = false) {
  return SlabShadow<P, Options>(options, upstream, source_may_fail).run(program);
}

}  // namespace tarn
