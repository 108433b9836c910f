// tarn/trial/lane_runner.hpp - runs the steps of one lane against a pool, and times them.
//
//     | 16 steps | 16 steps | 16 steps | 16 steps | 1 step |      one reading of the clock for each
//       batch      batch      batch      batch      single        batch, two for the single step
//
// A reading of the clock takes as long as a good allocator, so the usual step is timed by sixteen.
// Single steps tell of the rare slow ones; of these the call of the pool alone is timed, of batches
// the touching of blocks as well.
//
// Threads:    each lane on its own; they meet in their crew.
// Failure:    memory refused is counted, and what would be done to the block left out.
// Lifetime:   plan, pool, slots and crew outlive it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tarn/base/concepts.hpp"
#include "tarn/os/timestamp.hpp"
#include "tarn/replay/pool_calls.hpp"
#include "tarn/trial/latencies.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

inline constexpr std::uint64_t batch_step_count = 16;
inline constexpr std::uint64_t batches_to_a_single = 4;

/// Where the address of a block is while it lives.
struct Slot {
  void* address = nullptr;
  std::size_t bytes = 0;
};

/// In ticks of the clock, without what reading the clock takes.
struct LaneTimes {
  Latencies batches;  // of batch_step_count steps each
  Latencies singles;
  std::uint64_t ticks = 0;  // of all steps but the single ones, without waiting for others
  std::uint64_t step_count = 0;
  std::uint64_t refused_count = 0;

  void add(const LaneTimes& other) noexcept {
    batches.add(other.batches);
    singles.add(other.singles);
    ticks += other.ticks;
    step_count += other.step_count;
    refused_count += other.refused_count;
  }
};

/// Reads the clock around a call, or does not.
class Watch {
 public:
  explicit Watch(StampClock clock) noexcept : clock_(clock) {}
  void start() noexcept { begin_ = after_now(clock_); }
  void stop() noexcept { ticks_ = after_now(clock_) - begin_; }
  [[nodiscard]] std::uint64_t ticks() const noexcept { return ticks_; }

 private:
  StampClock clock_;
  std::uint64_t begin_ = 0;
  std::uint64_t ticks_ = 0;
};

struct NoWatch {
  void start() noexcept {}
  void stop() noexcept {}
};

/// A pool of pools: it does what steps say of regions, and knows each block's home.
template <typename P>
concept Regional = requires(P& pool, const Step& step) {
  pool.run(step);
  pool.new_home(step);
  pool.home(step);
};

template <Pool P>
class LaneRunner {
 public:
  LaneRunner(P& pool, std::span<Slot> slots, StampClock clock, std::uint64_t clock_floor_ticks,
             bool touches) noexcept
      : pool_(pool), slots_(slots), clock_(clock), floor_(clock_floor_ticks), touches_(touches) {}

  /// Runs the steps, one after the other.
  void run(std::span<const Step> steps) noexcept {
    std::uint64_t begin = after_now(clock_);
    while (steps.size() >= batch_step_count) {
      run_untimed(steps.first(batch_step_count));
      const std::uint64_t ticks = ticks_since(begin);
      times_.batches.add(ticks);
      add(ticks, batch_step_count);
      steps = steps.subspan(batch_step_count);
      if (times_.batches.count() % batches_to_a_single == 0 && !steps.empty()) {
        run_single(steps.front());
        steps = steps.subspan(1);
      }
      begin = after_now(clock_);
    }
    if (steps.empty()) return;
    run_untimed(steps);
    add(ticks_since(begin), steps.size());
  }

  [[nodiscard]] const LaneTimes& times() const noexcept { return times_; }

 private:
  [[nodiscard]] std::uint64_t ticks_since(std::uint64_t begin) const noexcept {
    return without_floor(after_now(clock_) - begin);
  }
  [[nodiscard]] std::uint64_t without_floor(std::uint64_t ticks) const noexcept {
    return ticks > floor_ ? ticks - floor_ : 0;
  }
  void add(std::uint64_t ticks, std::uint64_t step_count) noexcept {
    times_.ticks += ticks;
    times_.step_count += step_count;
  }

  void run_untimed(std::span<const Step> steps) noexcept {
    NoWatch no_watch;
    for (const Step& step : steps) run_step(step, no_watch);
  }

  void run_single(const Step& step) noexcept {
    Watch watch(clock_);
    run_step(step, watch);
    times_.singles.add(without_floor(watch.ticks()));
  }

  template <typename W>
  void run_step(const Step& step, W& watch) noexcept {
    if (step.kind >= StepKind::begin_region) return run_on_region(step, watch);
    Slot& slot = slots_[step.slot];
    switch (step.kind) {
      case StepKind::allocate:
      case StepKind::allocate_zeroed:
        return allocate(slot, step, watch);
      case StepKind::reallocate:
        return reallocate(slot, step, watch);
      case StepKind::deallocate:
        return deallocate(slot, step, watch);
      case StepKind::deallocate_with_region:
        return deallocate_with_region(slot, step, watch);
      default:
        return;
    }
  }

  template <typename W>
  void run_on_region([[maybe_unused]] const Step& step, W& watch) noexcept {
    watch.start();
    if constexpr (Regional<P>) pool_.run(step);
    watch.stop();
  }

  [[nodiscard]] decltype(auto) new_home(const Step& step) noexcept {
    if constexpr (Regional<P>) {
      return pool_.new_home(step);
    } else {
      return (pool_);
    }
  }
  [[nodiscard]] decltype(auto) home(const Step& step) noexcept {
    if constexpr (Regional<P>) {
      return pool_.home(step);
    } else {
      return (pool_);
    }
  }

  template <typename W>
  void allocate(Slot& slot, const Step& step, W& watch) noexcept {
    const auto bytes = static_cast<std::size_t>(step.bytes);
    watch.start();
    auto&& home = new_home(step);
    void* const block = step.kind == StepKind::allocate
                            ? home.try_allocate(bytes, step.alignment())
                            : replay::allocate_zeroed(home, bytes, step.alignment());
    watch.stop();
    slot = {block, bytes};
    if (block == nullptr) {
      ++times_.refused_count;
      return;
    }
    if (touches_) write(block, 0, bytes);
  }

  template <typename W>
  void reallocate(Slot& slot, const Step& step, W& watch) noexcept {
    if (slot.address == nullptr) return;
    const auto bytes = static_cast<std::size_t>(step.bytes);
    watch.start();
    auto&& home = this->home(step);
    void* const block = replay::reallocate(home, slot.address, slot.bytes, bytes, step.alignment());
    watch.stop();
    if (block == nullptr) {
      ++times_.refused_count;
      return;
    }
    if (touches_) write(block, slot.bytes, bytes);
    slot = {block, bytes};
  }

  template <typename W>
  void deallocate(Slot& slot, const Step& step, W& watch) noexcept {
    if (slot.address == nullptr) return;
    if (touches_) read(slot.address, slot.bytes);
    watch.start();
    auto&& home = this->home(step);
    replay::deallocate(home, slot.address, slot.bytes, step.alignment());
    watch.stop();
    slot.address = nullptr;
  }

  template <typename W>
  void deallocate_with_region(Slot& slot, const Step& step, W& watch) noexcept {
    if constexpr (!Regional<P>) return deallocate(slot, step, watch);
    watch.start();
    watch.stop();
    if (slot.address != nullptr && touches_) read(slot.address, slot.bytes);
    slot.address = nullptr;
  }

  // A byte of each cache line: what a program does that fills a block and reads it again.
  static constexpr std::size_t line_bytes = 64;

  static void write(void* block, std::size_t begin, std::size_t end) noexcept {
    auto* const bytes = static_cast<volatile char*>(block);
    for (std::size_t i = begin; i < end; i += line_bytes) bytes[i] = 1;
  }
  static void read(const void* block, std::size_t end) noexcept {
    const auto* const bytes = static_cast<const volatile char*>(block);
    for (std::size_t i = 0; i < end; i += line_bytes) static_cast<void>(bytes[i]);
  }

  P& pool_;
  const std::span<Slot> slots_;
  const StampClock clock_;
  const std::uint64_t floor_;
  const bool touches_;
  LaneTimes times_;
};

}  // namespace tarn::trial
