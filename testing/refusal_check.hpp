// testing/refusal_check.hpp - code over a region that runs out of memory at every request.
//
// What allocates from a region in the name of others - an allocator, a resource - must let
// std::bad_alloc pass and leave the region in order. A single refusal seldom gets that far, for a
// region then asks for less, so there is no memory from the chosen request on.
//
//     body --> bad_alloc or not --> memory is back, the region serves on --> all chunks are back
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "tarn/base/check.hpp"
#include "tarn/region/region.hpp"
#include "testing/failing_source.hpp"
#include "testing/region_shadow.hpp"

#if defined(__cpp_exceptions)

namespace tarn {

/// Calls `body(Region&)` with request 0, 1, 2, ... of the region refused, and all after it, until
/// none was left to refuse; returns how many of the runs ended in std::bad_alloc.
/// Requires: `body` makes the same requests each time, up to the refused one.
template <class Body>
std::size_t count_refused_runs(Checking checking, Body body) {
  std::size_t refused_run_count = 0;
  const auto run = [&](FailingSource& source) {
    RegionOptions options = small_chunk_options(checking);
    options.source = &source;
    Region region(options);
    try {
      body(region);
    } catch (const std::bad_alloc&) {
      TARN_CHECK(source.failed(), "bad_alloc, though the source refused nothing");
      ++refused_run_count;
    }
    source.recover();
    TARN_CHECK(region.try_allocate(1000) != nullptr, "the region refuses what its source has");
    region.reset();
    TARN_CHECK(region.stats().handed_out_bytes == 0, "reset() left %zu bytes handed out",
               region.stats().handed_out_bytes);
  };
  fail_every_acquire(run, SIZE_MAX);
  return refused_run_count;
}

}  // namespace tarn

#endif
