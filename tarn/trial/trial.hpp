// tarn/trial/trial.hpp - runs a plan against a pool, a thread for each lane.
//
//     threads:   lane 0   lane 1   lane 2        each: steps, stop, steps, stop, ...
//                   \        |        /
//     end of epoch:  one of them looks: what is live? how much memory has the process? Then it
//                    reads the next epoch
//
// Threads:    run() is one thread's; it waits for those that it begins.
// Failure:    std::bad_alloc, and std::system_error if there are no threads to be had. If the plan
//             can not be read it ends where it is: the reader tells.
// Lifetime:   reader and pool outlive it. Afterwards every block that the plan began has ended.

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
#include "tarn/trial/plan_reader.hpp"
#include "tarn/trial/step.hpp"
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

  /// `reader` is at the beginning of the plan of these counts. `slots` are as many as the plan has,
  /// without addresses. Litter is the caller's.
  Trial(const PlanCounts& counts, PlanReader& reader, P& pool, std::span<Slot> slots,
        const TrialOptions& options, Watcher& watcher)
      : crew_(counts.lane_count),
        reader_(reader),
        epoch_count_(counts.epoch_count),
        slots_(slots),
        watcher_(watcher),
        is_paced_(options.is_paced) {
    const StampClock clock = best_stamp_clock();
    clock_floor_ticks_ = clock_floor_ticks(clock);
    for (std::size_t lane = 0; lane < counts.lane_count; ++lane) {
      runners_.push_back(
          std::make_unique<LaneRunner<P>>(pool, slots, clock, clock_floor_ticks_, options.touches));
    }
  }

  /// Runs all of the plan and returns the times of its lanes together, but for the last epoch's.
  [[nodiscard]] LaneTimes run() {
    is_in_epoch_ = reader_.next();
    begin_ = std::chrono::steady_clock::now();
    recorded_begin_ns_ = reader_.epoch().begin_ns;
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
    while (is_in_epoch_) {
      if (is_paced_) sleep_until(reader_.epoch());
      run_epoch(lane);
      crew_.meet([this] { end_epoch(); });
    }
  }

  void run_epoch(std::size_t lane) noexcept {
    const std::span<const Step> steps = reader_.steps_of(lane);
    std::uint64_t done = 0;
    for (const Stop& stop : reader_.stops_of(lane)) {
      runners_[lane]->run(steps.subspan(done, stop.step - done));
      done = stop.step;
      if (stop.kind == StopKind::post) crew_.post(lane, stop.count);
      if (stop.kind == StopKind::wait) crew_.wait(stop.lane, stop.count);
    }
    runners_[lane]->run(steps.subspan(done));
  }

  void sleep_until(const Epoch& epoch) const noexcept {
    const auto recorded_ns = static_cast<std::int64_t>(epoch.begin_ns - recorded_begin_ns_);
    std::this_thread::sleep_until(begin_ + std::chrono::nanoseconds{recorded_ns});
  }

  // The last epoch only clears up, which the recorded program never did.
  void end_epoch() noexcept {
    watcher_.epoch_ends(epoch_, slots_);
    ++epoch_;
    if (epoch_ + 1 == epoch_count_) {
      for (const auto& runner : runners_) times_.add(runner->times());
    }
    is_in_epoch_ = reader_.next();
  }

  Crew crew_;
  PlanReader& reader_;
  const std::uint64_t epoch_count_;
  const std::span<Slot> slots_;
  Watcher& watcher_;
  std::uint64_t clock_floor_ticks_ = 0;
  std::vector<std::unique_ptr<LaneRunner<P>>> runners_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t recorded_begin_ns_ = 0;
  bool is_in_epoch_ = false;  // this and the next two are changed while all lanes wait
  std::size_t epoch_ = 0;
  LaneTimes times_;
  const bool is_paced_;
};

}  // namespace tarn::trial
