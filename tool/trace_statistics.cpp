#include "tool/trace_statistics.hpp"

#include <algorithm>
#include <utility>

namespace tarn::tool {

using trace::Kind;
using trace::Operation;

void TraceStatistics::add(const Operation& operation) {
  first_ns = operation_count++ == 0 ? operation.time_ns : std::min(first_ns, operation.time_ns);
  last_ns = std::max(last_ns, operation.time_ns);
  if (!ledger_.check(operation)) {
    ++contradiction_count;
    return;
  }
  const trace::Ended& ended = ledger_.commit(operation);
  switch (operation.kind) {
    case Kind::allocate:
    case Kind::allocate_zeroed:
      return begin(operation);
    case Kind::extend:
    case Kind::shrink:
    case Kind::reallocate:
      return resize(operation);
    case Kind::deallocate:
      return deallocate(operation);
    case Kind::scope_begin:
    case Kind::scope_end:
      return change_scopes(operation);
    case Kind::thread_begin:
      threads.try_emplace(operation.thread);  // it is there, and may never allocate
      return;
    case Kind::phase:
      return phases.begin(operation.bytes, now());
    default:
      ended_by_pool_count += ended.blocks.size();
      for (const std::uint64_t id : ended.blocks) end(id, operation.time_ns);
  }
}

BlockCounts& TraceStatistics::site(std::uint32_t stack) {
  return sites[stack < sites.size() ? stack : 0];
}

void TraceStatistics::begin(const Operation& operation) {
  Block& block = blocks_.insert(operation.block);
  block = {operation.bytes,
           operation.time_ns,
           total.allocated_bytes + operation.bytes,
           scopes.begin_block(operation.thread, operation.bytes),
           operation.stack,
           operation.thread,
           0};
  ThreadStatistics& thread = threads[operation.thread];
  ++thread.allocated_count;
  thread.allocated_bytes += operation.bytes;
  thread.newest_block = operation.block;
  sizes.add(operation.bytes);
  for (BlockCounts* counts : {&total, &site(operation.stack)}) {
    ++counts->allocated_count;
    ++counts->live_count;
    add_live_bytes(*counts, operation.bytes);
  }
  if (total.peak_bytes == total.live_bytes) peak_ns = operation.time_ns;
}

void TraceStatistics::add_live_bytes(BlockCounts& counts, std::uint64_t bytes) {
  counts.allocated_bytes += bytes;
  counts.live_bytes += bytes;
  counts.peak_bytes = std::max(counts.peak_bytes, counts.live_bytes);
}

void TraceStatistics::resize(const Operation& operation) {
  Block* const block = blocks_.find(operation.block);
  const std::uint64_t bytes_before = std::exchange(block->bytes, operation.bytes);
  const std::uint64_t grown_bytes = operation.bytes - std::min(bytes_before, operation.bytes);
  block->not_others_bytes += grown_bytes;
  threads[operation.thread].allocated_bytes += grown_bytes;
  scopes.resize_block(block->scope, bytes_before, operation.bytes);
  for (BlockCounts* counts : {&total, &site(block->stack)}) {
    counts->live_bytes -= bytes_before;
    counts->allocated_bytes -= std::min(bytes_before, operation.bytes);
    add_live_bytes(*counts, operation.bytes);
  }
  if (total.peak_bytes == total.live_bytes) peak_ns = operation.time_ns;
  if (operation.kind != Kind::reallocate) return;
  ++reallocation_count;
  if (block->reallocation_count++ == 0) ++reallocated_block_count;
  longest_chain = std::max<std::uint64_t>(longest_chain, block->reallocation_count);
}

void TraceStatistics::deallocate(const Operation& operation) {
  const Block* const block = blocks_.find(operation.block);
  ThreadStatistics& thread = threads[operation.thread];
  ++thread.freed_count;
  if (block->thread != operation.thread) {
    ++thread.freed_of_others_count;
    ++freed_elsewhere_count;
  }
  if (threads[block->thread].newest_block == operation.block) ++temporary_count;
  end(operation.block, operation.time_ns);
}

// Requires: the block is in use.
void TraceStatistics::end(std::uint64_t id, std::uint64_t time_ns) {
  const Block block = *blocks_.find(id);
  blocks_.erase(id);
  scopes.end_block(block.scope, block.bytes);
  lifetimes.add(time_ns - std::min(time_ns, block.begun_ns));
  const bool is_short_lived = total.allocated_bytes - block.not_others_bytes < short_life_bytes_;
  for (BlockCounts* counts : {&total, &site(block.stack)}) {
    ++counts->freed_count;
    --counts->live_count;
    counts->live_bytes -= block.bytes;
    counts->short_lived_count += is_short_lived ? 1 : 0;
  }
}

void TraceStatistics::change_scopes(const Operation& operation) {
  const bool makes_sense =
      operation.kind == Kind::scope_begin ? scopes.begin(operation) : scopes.end(operation);
  if (!makes_sense) ++contradiction_count;
}

}  // namespace tarn::tool
