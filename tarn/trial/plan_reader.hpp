// tarn/trial/plan_reader.hpp - reads a plan from its file, an epoch at a time.
//
//     the file:   | epoch 0 | epoch 1 | epoch 2 | ...
//     memory:               | epoch 1 |                 room for the longest one
//
// Only next() reads, so nobody who is timed waits for a disk. The room is on pages that have been
// touched before, and copied into: the file is in no figure of the process's memory.
//
// Threads:    next() while nobody else calls anything.
// Failure:    is_there(), is_at_end().
// Lifetime:   what is read lives until the next next().
// Invariant:  a lane that is not named in an epoch has no steps in it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tarn/trial/page_row.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/plan_file.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

class PlanReader {
 public:
  /// `path` is that of a PlanFile, whose plan has so many of everything.
  PlanReader(const char* path, const PlanCounts& counts) noexcept;
  ~PlanReader();

  PlanReader(const PlanReader&) = delete;
  PlanReader& operator=(const PlanReader&) = delete;

  /// Whether the file has been opened and there is room for its epochs; next() needs it.
  [[nodiscard]] bool is_there() const noexcept;

  /// Reads the next epoch; false if there is none, or it can not be read.
  [[nodiscard]] bool next() noexcept;

  /// Whether all epochs have been read.
  [[nodiscard]] bool is_at_end() const noexcept { return epochs_left_ == 0; }

  [[nodiscard]] const Epoch& epoch() const noexcept { return head_.epoch; }
  [[nodiscard]] std::span<const Step> steps_of(std::size_t lane) const noexcept {
    return shares_.things()[lane].steps;
  }
  [[nodiscard]] std::span<const Stop> stops_of(std::size_t lane) const noexcept {
    return shares_.things()[lane].stops;
  }

 private:
  struct LaneShare {
    std::span<const Step> steps;
    std::span<const Stop> stops;
  };

  void find_shares() noexcept;

  const int descriptor_;
  std::uint64_t epochs_left_;
  std::uint64_t place_ = 0;  // of the next epoch
  EpochHead head_;
  PageRow<std::byte> room_;
  PageRow<LaneShare> shares_;
};

}  // namespace tarn::trial
