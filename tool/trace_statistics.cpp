#include "tool/trace_statistics.hpp"

#include <algorithm>
#include <utility>

namespace tarn::tool {

using trace::Kind;
using trace::Operation;

void TraceStatistics::add(const Operation& operation) {
  first_ns = operation_count++ == 0 ? operation.time_ns : std::min(first_ns, operation.time_ns);
  last_ns = std::max(last_ns, operation.time_ns);
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
    case Kind::thread_begin:
    case Kind::thread_end:
    case Kind::scope_begin:
    case Kind::scope_end:
    case Kind::phase:
      return;
    default:
      return change_pools(operation);
  }
}

BlockCounts& TraceStatistics::site(std::uint32_t stack) {
  return sites[stack < sites.size() ? stack : 0];
}

void TraceStatistics::begin(const Operation& operation) {
  const bool is_in_pool = operation.pool != trace::heap_pool;
  const bool is_known = operation.block == trace::NumberMap<Block, OrderOfAge>::no_key ||
                        blocks_.find(operation.block) != nullptr;
  if (is_known || (is_in_pool && !ledger_.check(operation))) {
    ++contradiction_count;
    return;
  }
  if (is_in_pool) ledger_.commit(operation);
  Block& block = blocks_.insert(operation.block);
  block = {operation.bytes, operation.time_ns, total.allocated_bytes,
           operation.stack, operation.thread,  0,
           is_in_pool};
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
  if (block == nullptr) {
    ++contradiction_count;
    return;
  }
  if (block->is_in_pool) ledger_.commit(operation);
  const std::uint64_t bytes_before = std::exchange(block->bytes, operation.bytes);
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
  if (block == nullptr) {
    ++contradiction_count;
    return;
  }
  if (block->is_in_pool) ledger_.commit(operation);
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
  lifetimes.add(time_ns - std::min(time_ns, block.begun_ns));
  const bool is_short_lived =
      total.allocated_bytes - block.allocated_before_bytes - block.bytes < short_life_bytes;
  for (BlockCounts* counts : {&total, &site(block.stack)}) {
    ++counts->freed_count;
    --counts->live_count;
    counts->live_bytes -= block.bytes;
    counts->short_lived_count += is_short_lived ? 1 : 0;
  }
}

// Blocks of the heap are no member of the ledger: it takes a microsecond for each operation.
void TraceStatistics::change_pools(const Operation& operation) {
  if (!ledger_.check(operation)) {
    ++contradiction_count;
    return;
  }
  for (const std::uint64_t id : ledger_.commit(operation).blocks) {
    ++ended_by_pool_count;
    end(id, operation.time_ns);
  }
}

}  // namespace tarn::tool
