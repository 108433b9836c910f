// examples/http_server/statistics.hpp - the live pools as JSON, for GET /stats.

#pragma once

#include <cstdint>
#include <vector>

#include <boost/json/object.hpp>

#include "examples/http_server/exchange.hpp"
#include "examples/http_server/memory.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace http_server {

/// What one worker tells about itself, on its own thread.
struct WorkerStatistics {
  std::uint64_t connection_count;
  std::uint64_t malloc_calls;
  boost::json::object pool;
  boost::json::object sessions;
};

using Statistics = std::vector<WorkerStatistics>;

/// `region` and everything below it. On the heap, so that it can go to another thread.
[[nodiscard]] boost::json::object pool_tree(const tarn::Region& region);

/// The pool that keeps sessions, on the heap as well.
[[nodiscard]] boost::json::object pool_of_sessions(const tarn::SlabCacheStats& stats);

/// Fills in the response to GET /stats.
void answer_with(const Statistics& workers, Strategy strategy, Exchange& exchange);

}  // namespace http_server
