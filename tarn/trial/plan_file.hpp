// tarn/trial/plan_file.hpp - the epochs of a plan, in a file without a name.
//
//     | head | lane 0: head, steps, stops | lane 2: ... | head | lane 1: ... | ...
//     `------------------ epoch 0 ---------------------'`----- epoch 1 ----- ...
//
// Written once, by who makes the plan, and read by each process that runs it (plan_reader.hpp). An
// epoch names only the lanes that have steps in it.
//
// Threads:    one at a time.
// Failure:    an Error that says which folder has no room and what to do; it stays.
// Lifetime:   the file goes with the PlanFile and the readers, however their processes end.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

/// In front of an epoch's lanes, which take `lane_bytes`.
struct EpochHead {
  Epoch epoch;
  std::uint64_t lane_bytes = 0;
};

/// In front of a lane's steps and stops.
struct LaneHead {
  std::uint64_t lane = 0;
  std::uint64_t step_count = 0;
  std::uint64_t stop_count = 0;
};

class PlanFile {
 public:
  /// A failure is told by the first end_epoch().
  explicit PlanFile(std::string folder);
  ~PlanFile();

  PlanFile(const PlanFile&) = delete;
  PlanFile& operator=(const PlanFile&) = delete;

  /// Adds what a lane does in the epoch that is to end next. Returns where its first step will be
  /// in the file; the others follow it.
  std::uint64_t add_lane(std::size_t lane, std::span<const Step> steps,
                         std::span<const Stop> stops);

  /// Writes the epoch.
  Result<void> end_epoch(const Epoch& epoch);

  /// Changes the region of a step of an epoch that has been written. A failure is told by the next
  /// end_epoch().
  void change_region(std::uint64_t step_place, std::uint16_t region) noexcept;

  /// Returns when the disk has it all: it rests while the plan runs.
  Result<void> finish();

  /// Whether all could be written until now.
  [[nodiscard]] Result<void> status() const noexcept;

  [[nodiscard]] std::uint64_t epoch_bytes_max() const noexcept { return epoch_bytes_max_; }

  /// Leads processes of the same user to the file.
  [[nodiscard]] std::string path() const;

 private:
  template <typename T>
  void append(std::span<const T> things);
  void note_failure_unless(bool is_done) noexcept;

  const std::string folder_;
  const int descriptor_;
  int error_number_;                // of the first failure; 0: none yet
  std::uint64_t bytes_ = 0;         // of the file
  std::vector<std::byte> content_;  // of the epoch that is to end, its head first
  std::uint64_t epoch_bytes_max_ = 0;
};

}  // namespace tarn::trial
