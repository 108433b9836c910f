// testing/slab_shadow.hpp - pools of one size run a program while a model watches every step.
//
//     operation --> Replayer<SlabWorld<P>> --> pools --> TrackingSource --> upstream
//                        |                       |             |
//                        +------> shadow: expected bytes of every block, no overlap, how many are
//                                 in use, memory from the source: do they all agree?
//
// Pools end where the program says. A cache may keep its blocks constructed: then each is handed
// out as it was left, and in the end all are destroyed.
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
#include "testing/kept_objects.hpp"
#include "testing/operation_program.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

// Magazines hold eight blocks as large as these: what a program allocates goes through many.
inline constexpr std::size_t slab_shadow_block_bytes = 1000;
inline constexpr std::size_t slab_shadow_alignment = 16;

/// Sizes around a block's, few kinds: begin, end, allocate, deallocate and what pools can not do.
[[nodiscard]] Alphabet slab_alphabet();

struct SlabShadowMode {
  /// Memory may be refused at any time.
  bool source_may_fail = false;
  /// The pools are caches that keep their blocks constructed.
  bool keeps_objects = false;
};

template <typename P, typename Options>
class SlabShadow {
 public:
  SlabShadow(const Options& options, Source& upstream, SlabShadowMode mode)
      : source_(upstream),
        mode_(mode),
        world_(slab_shadow_block_bytes, slab_shadow_alignment, watched(options)),
        held_count_max_(magazine_slots_max(options.checking)) {}

  /// Runs the whole program; returns what is wrong and at which operation, or an empty string.
  [[nodiscard]] std::string run(const trace::Program& program) {
    run_to_end(program);
    if (wrong_.empty() && objects_.count() != 0) wrong_ = "objects are left in the end";
    if (wrong_.empty() && source_.live_bytes() != 0) wrong_ = "memory is left in the end";
    if (wrong_.empty()) wrong_ = objects_.wrong();
    return wrong_.empty() ? "" : "operation " + std::to_string(operation_count_) + ": " + wrong_;
  }

 private:
  using World = replay::SlabWorld<P, Options>;
  using Replayer = replay::Replayer<World>;

  // Until something is wrong. With the replayer all pools end.
  void run_to_end(const trace::Program& program) {
    Replayer replayer(world_);
    for (const trace::Operation& operation : program) {
      const Result<replay::Outcome> outcome = replayer.apply(operation);
      if (!outcome) {
        wrong_ = outcome.error().message;
        return;
      }
      if (operation.kind == trace::Kind::allocate) note(replayer, operation);
      forget_ended(replayer);
      check(replayer, held_count_max_);
      if (++operation_count_ % 16 == 0) check_trimmed(replayer);
      if (wrong_.empty()) wrong_ = objects_.wrong();
      if (!wrong_.empty()) return;
    }
    check_trimmed(replayer);
  }

  [[nodiscard]] Options watched(Options options) {
    options.source = &source_;
    if constexpr (requires { options.construct; }) {
      if (mode_.keeps_objects) objects_.watch(options);
    }
    return options;
  }

  // Whatever is refused must be too large, too strictly aligned, or the source's doing.
  void note(const Replayer& replayer, const trace::Operation& operation) {
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    const bool fits = operation.bytes <= slab_shadow_block_bytes &&
                      operation.alignment() <= slab_shadow_alignment;
    if (block.address == nullptr) {
      if (fits && !mode_.source_may_fail) wrong_ = "a block was refused";
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
    if (mode_.keeps_objects) objects_.use(block.address, pattern(operation.block));
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
      if (mode_.keeps_objects && !objects_.contains(bytes)) wrong_ = "a block has lost its object";
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
  SlabShadowMode mode_;
  KeptObjects objects_{slab_shadow_block_bytes};
  World world_;
  std::size_t held_count_max_;
  std::map<std::uintptr_t, std::uint64_t> starts_;
  std::size_t operation_count_ = 0;
  std::string wrong_;
};

template <typename P, typename Options>
[[nodiscard]] std::string run_in_slab_shadow(const trace::Program& program, const Options& options,
                                             Source& upstream = heap_source(),
                                             SlabShadowMode mode = {}) {
  return SlabShadow<P, Options>(options, upstream, mode).run(program);
}

}  // namespace tarn
