// examples/http_server/statistics.cpp - the live pools as JSON, for GET /stats.

#include "examples/http_server/statistics.hpp"

#include <fstream>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "examples/http_server/malloc_counter.hpp"

namespace http_server {
namespace {

namespace json = boost::json;

// The number in kB that /proc/self/status gives for `name`, in bytes; 0 where there is no /proc.
std::uint64_t memory_of_process(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

json::object to_json(const WorkerStatistics& worker) {
  return {{"connections_accepted", worker.connection_count},
          {"malloc_calls", worker.malloc_calls},
          {"pool", worker.pool},
          {"sessions", worker.sessions}};
}

json::object buffers_of_process() {
  const tarn::ArenaStats stats = buffers().stats();
  return {{"used_bytes", stats.used_bytes},
          {"cached_bytes", stats.cached_bytes},
          {"reserved_bytes", stats.reserved_bytes}};
}

}  // namespace

json::object pool_tree(const tarn::Region& region) {
  const tarn::RegionStats stats = region.stats();
  json::array children;
  region.for_each_child(
      [&children](const tarn::Region& child) { children.push_back(pool_tree(child)); });
  return {{"name", region.name()},
          {"handed_out_bytes", stats.handed_out_bytes},
          {"peak_handed_out_bytes", stats.peak_handed_out_bytes},
          {"free_bytes", stats.free_bytes},
          {"reserved_bytes", stats.reserved_bytes},
          {"wasted_bytes", stats.wasted_bytes},
          {"chunk_count", stats.chunk_count},
          {"large_count", stats.large_count},
          {"cleanup_count", stats.cleanup_count},
          {"children", std::move(children)}};
}

json::object pool_of_sessions(const tarn::SlabCacheStats& stats) {
  return {{"used_count", stats.used_count},         {"depot_count", stats.depot_count},
          {"free_count", stats.free_count},         {"slab_count", stats.slab_count},
          {"reserved_bytes", stats.reserved_bytes}, {"visit_count", stats.visit_count}};
}

void answer_with(const Statistics& statistics, Strategy strategy, Exchange& exchange) {
  std::uint64_t malloc_calls = 0;
  json::array workers;
  for (const WorkerStatistics& worker : statistics) {
    malloc_calls += worker.malloc_calls;
    workers.push_back(to_json(worker));
  }
  const json::object page{{"memory", name_of(strategy).data()},
                          {"malloc_is_counted", malloc_is_counted()},
                          {"malloc_calls", malloc_calls},
                          {"rss_bytes", memory_of_process("VmRSS")},
                          {"rss_bytes_peak", memory_of_process("VmHWM")},
                          {"buffers", buffers_of_process()},
                          {"workers", std::move(workers)}};
  exchange.answer(http::status::ok, "application/json", json::serialize(page) + "\n");
}

}  // namespace http_server
