// testing/slab_shadow.hpp - pools of one size run a program while a model watches every step.
//
// To what pool_shadow.hpp watches comes how many blocks are in use. A cache may keep its blocks
// constructed: then each is handed out as it was left, and in the end all are destroyed.
//
// Of a pool that was trimmed nothing is in magazines: what a cache counts is compared exactly.
//
// Threads:    one at a time.
// Failure:    run_in_slab_shadow() returns what is wrong, or an empty string.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tarn/base/bits.hpp"
#include "tarn/os/checking.hpp"
#include "tarn/replay/slab_world.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/magazine.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/slab/slabs.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/kept_objects.hpp"
#include "testing/operation_program.hpp"
#include "testing/pool_shadow.hpp"

namespace tarn {

// Magazines hold eight blocks as large as these: what a program allocates goes through many.
inline constexpr std::size_t slab_shadow_block_bytes = 1000;

/// Slabs of few blocks, so that all of it happens in a few operations.
[[nodiscard]] FixedPoolOptions small_fixed_pool_options(Checking checking);
[[nodiscard]] SlabCacheOptions small_slab_cache_options(Checking checking);

/// The slabs below a pool, which notes no free blocks of its own.
class SlabsAlone : public Slabs {
 public:
  using Slabs::Slabs;
  [[nodiscard]] std::size_t block_bytes() const noexcept { return shape().slot_bytes; }
  [[nodiscard]] std::size_t alignment() const noexcept { return shape().alignment; }
};

/// Of slots of these bytes a slab has three: a few operations fill one, open the next and empty
/// either.
inline constexpr std::size_t third_of_slab_bytes = 600;
[[nodiscard]] SlabsOptions three_slot_options(Checking checking);

/// Sizes around a block's, few kinds: begin, end, allocate, deallocate and what pools can not do.
[[nodiscard]] Alphabet slab_alphabet();

struct SlabShadowMode {
  /// Memory may be refused at any time.
  bool source_may_fail = false;
  /// The pools are caches that keep their blocks constructed.
  bool keeps_objects = false;
  /// Pools are trimmed after so many operations each.
  std::size_t trim_interval = 16;
  std::size_t block_bytes = slab_shadow_block_bytes;
  std::size_t alignment = fundamental_alignment;
};

template <typename P, typename Options>
class SlabShadow final : private PoolShadow<replay::SlabWorld<P, Options>> {
 public:
  SlabShadow(const Options& options, Source& upstream, SlabShadowMode mode)
      : Base(upstream, mode.source_may_fail, mode.alignment, mode.trim_interval),
        keeps_objects_(mode.keeps_objects),
        block_bytes_(mode.block_bytes),
        alignment_(mode.alignment),
        world_(block_bytes_, alignment_, watched(options)),
        held_count_max_(magazine_slots_max(options.checking)) {}

  /// Runs the whole program; returns what is wrong and at which operation, or an empty string.
  [[nodiscard]] std::string run(const trace::Program& program) {
    std::string wrong = Base::run(keeps_objects_ ? without_overwriting(program) : program, world_);
    if (wrong.empty()) wrong = this->describe(objects_.wrong());
    if (wrong.empty() && objects_.count() != 0) wrong = "objects are left in the end";
    if (wrong.empty() && source_.live_bytes() != 0) wrong = "memory is left in the end";
    return wrong;
  }

 private:
  using World = replay::SlabWorld<P, Options>;
  using Base = PoolShadow<World>;
  using Base::source_;
  using Base::wrong_;
  using typename Base::Pool;
  using typename Base::Use;

  [[nodiscard]] Options watched(Options options) {
    options.source = &source_;
    if constexpr (requires { options.construct; }) {
      if (keeps_objects_) objects_.watch(options);
    }
    return options;
  }

  [[nodiscard]] bool fits(const trace::Operation& operation) const override {
    return operation.bytes <= block_bytes_ && operation.alignment() <= alignment_;
  }
  [[nodiscard]] std::size_t room_of(Pool&, const void*) const override { return block_bytes_; }
  void note_use(const void* block, unsigned char filling) override {
    if (keeps_objects_) objects_.use(block, filling);
  }
  void check_block(const void* block) override {
    if (keeps_objects_ && !objects_.contains(block)) wrong_ = "a block has lost its object";
  }
  void trim(Pool& pool) override { pool.pool().trim(); }

  // Trimmed, no slab is left of which no block is in use.
  void check_pool(std::uint32_t id, Pool& pool, const Use& use, bool is_trimmed) override {
    const auto stats = pool.pool().stats();
    const std::size_t held_count_max = is_trimmed ? 0 : held_count_max_;
    if (stats.used_count < use.block_count || stats.used_count > use.block_count + held_count_max) {
      wrong_ = "pool " + std::to_string(id) + " counts " + std::to_string(stats.used_count) +
               " blocks in use, there are " + std::to_string(use.block_count);
    }
    if (stats.reserved_bytes > source_.live_bytes()) {
      wrong_ = "pool " + std::to_string(id) + " counts more memory than was taken";
    }
    if (is_trimmed && stats.slab_count > stats.used_count) {
      wrong_ = "trimmed, pool " + std::to_string(id) + " has " + std::to_string(stats.slab_count) +
               " slabs for " + std::to_string(stats.used_count) + " blocks in use";
    }
    if (!objects_.wrong().empty()) wrong_ = objects_.wrong();
  }

  // Nobody asks for zeros where an object is kept, or moves one.
  [[nodiscard]] static trace::Program without_overwriting(trace::Program program) {
    using trace::Kind;
    std::erase_if(program, [](const auto& each) { return each.kind == Kind::reallocate; });
    for (trace::Operation& operation : program) {
      if (operation.kind == Kind::allocate_zeroed) operation.kind = Kind::allocate;
    }
    return valid_part(program);
  }

  // What a thread's magazines hold counts as used. A cache that checks has none.
  [[nodiscard]] static std::size_t magazine_slots_max(Checking checking) {
    constexpr bool is_cache = requires(P & pool) { pool.decay(); };
    if (checking == Checking::automatic) checking = automatic_checking();
    return is_cache && checking == Checking::off ? 2 * detail::magazine_rounds_max : 0;
  }

  bool keeps_objects_;
  std::size_t block_bytes_;
  std::size_t alignment_;
  KeptObjects objects_{block_bytes_};
  World world_;
  std::size_t held_count_max_;
};

template <typename P, typename Options>
[[nodiscard]] std::string run_in_slab_shadow(const trace::Program& program, const Options& options,
                                             Source& upstream = heap_source(),
                                             SlabShadowMode mode = {}) {
  return SlabShadow<P, Options>(options, upstream, mode).run(program);
}

}  // namespace tarn
