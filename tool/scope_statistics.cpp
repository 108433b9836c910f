#include "tool/scope_statistics.hpp"

#include <algorithm>

namespace tarn::tool {

bool ScopeStatistics::begin(const trace::Operation& operation) {
  if (!open_by_number_.try_emplace(operation.other, newest_ + 1).second) return false;
  open_[++newest_] = {operation.bytes, operation.time_ns, 0, 0, operation.thread};
  open_by_thread_[operation.thread].push_back(newest_);
  ++names_[operation.bytes].begun_count;
  return true;
}

bool ScopeStatistics::end(const trace::Operation& operation) {
  const auto number = open_by_number_.find(operation.other);
  if (number == open_by_number_.end()) return false;
  const std::uint64_t scope = number->second;
  open_by_number_.erase(number);
  const OpenScope ended = open_.at(scope);
  open_.erase(scope);
  std::erase(open_by_thread_.at(ended.thread), scope);
  ScopeCounts& counts = names_[ended.name];
  ++counts.ended_count;
  counts.ended_ns += operation.time_ns - std::min(operation.time_ns, ended.begun_ns);
  counts.outliving_count += ended.live_count;
  counts.outliving_bytes += ended.live_bytes;
  return true;
}

std::uint64_t ScopeStatistics::begin_block(std::uint32_t thread, std::uint64_t bytes) {
  if (open_.empty()) return 0;
  const auto found = open_by_thread_.find(thread);
  if (found == open_by_thread_.end() || found->second.empty()) return 0;
  OpenScope& scope = open_.at(found->second.back());
  ++scope.live_count;
  scope.live_bytes += bytes;
  ScopeCounts& counts = names_[scope.name];
  ++counts.allocated_count;
  counts.allocated_bytes += bytes;
  return found->second.back();
}

void ScopeStatistics::resize_block(std::uint64_t scope, std::uint64_t bytes_before,
                                   std::uint64_t bytes) {
  const auto found = open_.find(scope);
  if (found == open_.end()) return;
  found->second.live_bytes += bytes - bytes_before;
  names_[found->second.name].allocated_bytes += bytes - std::min(bytes, bytes_before);
}

void ScopeStatistics::end_block(std::uint64_t scope, std::uint64_t bytes) {
  const auto found = open_.find(scope);
  if (found == open_.end()) return;
  --found->second.live_count;
  found->second.live_bytes -= bytes;
}

}  // namespace tarn::tool
