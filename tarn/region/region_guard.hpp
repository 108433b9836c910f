// tarn/region/region_guard.hpp - what a checking Region knows beside the rest. Part of region.hpp.
//
// Threads:    as the region.
// Failure:    none; what does not fit is forgotten, the oldest first.
// Invariant:  a region that does not check never writes here: making one stays cheap.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::detail {

struct RegionGuard {
  static constexpr std::size_t freed_count_max = 4;
  static constexpr std::size_t rewind_count_max = 4;

  // Marks with serials above `to_serial`, up to `at_serial`, were ended by a rewind.
  struct Rewind {
    std::uint64_t to_serial;
    std::uint64_t at_serial;
  };

  [[nodiscard]] bool has_ended(std::uint64_t mark_serial) const noexcept {
    for (std::size_t i = 0; i < rewind_count; ++i) {
      if (rewinds[i].to_serial < mark_serial && mark_serial <= rewinds[i].at_serial) return true;
    }
    return false;
  }

  std::uintptr_t owner_thread;
  std::uintptr_t newest_block;
  std::size_t newest_bytes;
  std::size_t chunk_requested_bytes;   // of what was asked for, the part that is in chunks
  const void* freed[freed_count_max];  // the large blocks freed last, for double frees
  std::size_t freed_count;
  Rewind rewinds[rewind_count_max];  // the last that do not lie within a later one
  std::size_t rewind_count;
};

}  // namespace tarn::detail
