// tarn/trial/region_set.hpp - the regions of a plan, and malloc for what is in none of them.
//
//     step:     begin region 1   allocate slot 5 in region 1   deallocate slot 5   end region 1
//     homes:                     slot 5: region 1 ------------> asked for its home
//     regions:  | 0: malloc | 1: Region | 2: Region | ...       on pages of their own
//
// What a program does that has a region for each of its scopes, and leaves the rest as it is. A
// region has no parent here: what ends with it ends by steps of its own.
//
// Threads:    a region, and the blocks in it, are one thread's at a time.
// Failure:    is_there() tells whether there is memory for the notes. A block refused is nullptr.
// Lifetime:   the plan ends every region that it begins.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "tarn/base/bits.hpp"
#include "tarn/region/region.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/trial/page_row.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

class RegionSet {
 public:
  /// What has the block of a slot.
  class Home {
   public:
    explicit Home(Region* region) noexcept : region_(region) {}

    [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
      if (region_ != nullptr) return region_->try_allocate(bytes, alignment);
      return heap_.try_allocate(bytes, alignment);
    }
    void deallocate(void* block, std::size_t bytes) noexcept {
      if (region_ == nullptr) return heap_.deallocate(block, bytes);
      region_->deallocate(block, bytes);
    }
    [[nodiscard]] void* try_reallocate(void* block, std::size_t bytes,
                                       std::size_t new_bytes) noexcept {
      if (region_ == nullptr) return heap_.try_reallocate(block, bytes, new_bytes);
      if (new_bytes >= bytes && region_->try_extend(block, bytes, new_bytes)) return block;
      void* const moved = region_->try_allocate(new_bytes, fundamental_alignment);
      if (moved == nullptr) return nullptr;
      std::memcpy(moved, block, std::min(bytes, new_bytes));
      region_->deallocate(block, bytes);
      return moved;
    }

   private:
    Region* region_;  // null: malloc
    [[no_unique_address]] replay::MallocPool heap_;
  };

  explicit RegionSet(const PlanCounts& counts) noexcept
      : homes_(counts.slot_count), rooms_(counts.region_count + 1), marks_(counts.mark_count) {}

  [[nodiscard]] bool is_there() const noexcept {
    return homes_.is_there() && rooms_.is_there() && marks_.is_there();
  }

  /// Does a step that is about a region.
  void run(const Step& step) noexcept {
    Region* const region = region_at(step.region);
    switch (step.kind) {
      case StepKind::begin_region:
        std::construct_at(region, options_of(step));
        return;
      case StepKind::end_region:
        return std::destroy_at(region);
      case StepKind::reset_region:
        return region->reset({static_cast<std::size_t>(step.bytes)});
      case StepKind::mark_region:
        marks_.things()[step.slot] = region->mark();
        return;
      case StepKind::rewind_region:
        return region->rewind(marks_.things()[step.slot]);
      default:
        return;
    }
  }

  /// Where a block is to be made.
  [[nodiscard]] Home new_home(const Step& step) noexcept {
    homes_.things()[step.slot] = step.region;
    return home(step);
  }

  /// Where the block in the step's slot was made.
  [[nodiscard]] Home home(const Step& step) noexcept {
    const std::uint16_t region = homes_.things()[step.slot];
    if (region == no_region) return Home(nullptr);
    return Home(region_at(region));
  }

  /// What is no block of the plan, litter, is malloc's.
  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    return Home(nullptr).try_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes) noexcept {
    Home(nullptr).deallocate(block, bytes);
  }

 private:
  // A Region that is not there yet, or no longer.
  struct alignas(Region) Room {
    std::byte bytes[sizeof(Region)];
  };

  // Lanes hand regions on: nobody checks whose one is.
  [[nodiscard]] static RegionOptions options_of(const Step& step) noexcept {
    RegionOptions options;
    options.checking = Checking::off;
    options.reserved_bytes_max = static_cast<std::size_t>(step.bytes);
    return options;
  }
  [[nodiscard]] Region* region_at(std::uint16_t region) const noexcept {
    return reinterpret_cast<Region*>(&rooms_.things()[region]);
  }

  PageRow<std::uint16_t> homes_;  // by slots
  PageRow<Room> rooms_;
  PageRow<Region::Mark> marks_;
};

}  // namespace tarn::trial
