// tarn/trial/trial.hpp - runs a plan against a pool, a thread for each lane.
//
//     threads:   lane 0   lane 1   lane 2        each: steps, stop, steps, stop, ...
//                   \        |        /
//     end of epoch:  one of them looks: what is live? how much memory has the process?
//
// Threads:    run() is one thread's; it waits for those that it begins.
// Failure:    std::bad_alloc, and std::system_error if there are no threads to be had.
// Lifetime:   plan and pool outlive it. Afterwards every block that the plan began has ended.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "tarn/base/concepts.hpp"
#include "tarn/os/timestamp.hpp"
#include "tarn/trial/crew.hpp"
#include "tarn/trial/lane_runner.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/trial_options.hpp"

namespace tarn::trial {

template <Pool P>
class Trial {
 public:
  /// Is told the end of each epoch, while all lanes wait: `slots` has every block alive.
  struct Watcher {
    virtual void epoch_ends(std::size_t epoch, std::span<const Slot> slots) noexcept = 0;

   protected:
    ~Watcher() = default;
  };

  /// `slots` are as many as the plan has, without addresses. Litter is the caller's.
  Trial(const Plan& plan, P& pool, std::span<Slot> slots, const TrialOptions& options,
        Watcher& watcher)
      : crew_(plan.counts().lane_count),
        plan_(plan),
        slots_(slots),
        watcher_(watcher),
        is_paced_(options.is_paced) {
    const StampClock clock = best_stamp_clock();
    clock_floor_ticks_ = clock_floor_ticks(clock);
    for (std::size_t lane = 0; lane < plan.counts().lane_count; ++lane) {
      runners_.push_back(
          std::make_unique<LaneRunner<P>>(pool, slots, clock, clock_floor_ticks_, options.touches));
    }
  }

  /// Runs all of the plan and returns the times of its lanes together, but for the last epoch's.
  [[nodiscard]] LaneTimes run() {
    begin_ = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (std::size_t lane = 1; lane < runners_.size(); ++lane) {
      threads.emplace_back([this, lane] { run_lane(lane); });
    }
    if (!runners_.empty()) run_lane(0);
    for (std::thread& thread : threads) thread.join();
    return times_;
  }

  [[nodiscard]] std::uint64_t clock_floor_ticks() const noexcept { return clock_floor_ticks_; }

 private:
  // The least that two readings of the clock with nothing between them differ.
  [[nodiscard]] static std::uint64_t clock_floor_ticks(StampClock clock) noexcept {
    std::uint64_t floor = UINT64_MAX;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t begin = after_now(clock);
      floor = std::min(floor, after_now(clock) - begin);
    }
    return floor;
  }

  void run_lane(std::size_t lane) noexcept {
    const std::span<const Step> steps = plan_.steps_of(lane);
    std::uint64_t done = 0;
    std::size_t epoch = 0;
    for (const Stop& stop : plan_.stops_of(lane)) {
      runners_[lane]->run(steps.subspan(done, stop.step - done));
      done = stop.step;
      if (stop.kind == StopKind::post) crew_.post(lane, stop.count);
      if (stop.kind == StopKind::wait) crew_.wait(stop.lane, stop.count);
      if (stop.kind != StopKind::epoch_end) continue;
      crew_.meet([this] { end_epoch(); });
      ++epoch;
      if (is_paced_ && epoch + 1 < plan_.counts().epoch_count) sleep_until(plan_.epochs()[epoch]);
    }
  }

  void sleep_until(const Epoch& epoch) const noexcept {
    const auto recorded_ns = static_cast<std::int64_t>(epoch.begin_ns - plan_.epochs()[0].begin_ns);
    std::this_thread::sleep_until(begin_ + std::chrono::nanoseconds{recorded_ns});
  }

  // The last epoch only clears up, which the recorded program never did.
  void end_epoch() noexcept {
    watcher_.epoch_ends(epoch_, slots_);
    ++epoch_;
    if (epoch_ + 1 != plan_.counts().epoch_count) return;
    for (const auto& runner : runners_) times_.add(runner->times());
  }

  Crew crew_;
  const Plan plan_;
  const std::span<Slot> slots_;
  Watcher& watcher_;
  std::uint64_t clock_floor_ticks_ = 0;
  std::vector<std::unique_ptr<LaneRunner<P>>> runners_;
  std::chrono::steady_clock::time_point begin_;
  std::size_t epoch_ = 0;  // this and the next are changed while all lanes wait
  LaneTimes times_;
  const bool is_paced_;
};

}  // namespace tarn::trial
