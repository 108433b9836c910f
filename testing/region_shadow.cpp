#include "testing/region_shadow.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "tarn/trace/operation_text.hpp"

namespace tarn {
namespace {

using replay::Outcome;
using trace::Kind;
using trace::Operation;

// Sizes above this need not be granted.
constexpr std::uint64_t reasonable_bytes = TrackingSource::chunk_bytes_max / 2;

using Id = unsigned long long;

// What byte `index` of a block holds.
unsigned char pattern(std::uint64_t id, std::size_t index) noexcept {
  return static_cast<unsigned char>(id * 37 + index * 11 + 1);
}

RegionOptions with_source(RegionOptions options, Source& source) noexcept {
  options.source = &source;
  return options;
}

}  // namespace

const char* checking_name(Checking checking) noexcept {
  switch (checking) {
    case Checking::automatic:
      return "automatic";
    case Checking::off:
      return "off";
    case Checking::guarded:
      return "guarded";
    case Checking::passthrough:
      return "passthrough";
  }
  return "none";
}

RegionOptions small_chunk_options(Checking checking) noexcept {
  RegionOptions options;
  options.first_chunk_bytes = 256;
  options.chunk_bytes_max = 1024;
  options.checking = checking;
  return options;
}

RegionShadow::RegionShadow(const RegionOptions& options, Source& upstream, bool source_may_fail)
    : source_(upstream),
      world_(with_source(options, source_)),
      source_may_fail_(source_may_fail),
      replayer_(world_, this) {
  pools_[trace::heap_pool];
}

std::string RegionShadow::apply(const Operation& operation) {
  run(operation);
  return wrong_;
}

std::string RegionShadow::end() {
  for (const auto& [id, block] : blocks_) check_block(id, block, block.bytes);
  cleanups_run_.clear();
  std::size_t waiting_count = 0;
  for (const auto& [id, is_waiting] : waiting_cleanups_) waiting_count += is_waiting ? 1 : 0;
  blocks_.clear();
  replayer_.end();
  if (cleanups_run_.size() != waiting_count) {
    wrong("%zu of %zu cleanups ran at the end", cleanups_run_.size(), waiting_count);
  }
  if (source_.live_bytes() != 0) wrong("%zu bytes are lost", source_.live_bytes());
  return wrong_;
}

void RegionShadow::run(const Operation& operation) {
  ++time_;
  cleanups_run_.clear();
  const Result<Outcome> outcome = replayer_.apply(operation);
  if (!outcome) return wrong("%s", outcome.error().message);
  note_begin(operation, *outcome);
  check_cleanups_ran();
  note_end(operation);
  follow_sizes();
  for (const auto& [id, block] : blocks_) check_block(id, block, block.bytes);
  check_pools();
}

void RegionShadow::note_begin(const Operation& operation, Outcome outcome) {
  switch (operation.kind) {
    case Kind::create:
      pools_[operation.pool].limit_bytes = operation.bytes;
      return;
    case Kind::mark:
      mark_times_[operation.other] = time_;
      return;
    case Kind::allocate:
    case Kind::allocate_zeroed:
      return note_block(operation, outcome);
    case Kind::reallocate:
      // One that was refused when it was to begin is not.
      if (blocks_.contains(operation.block)) note_block(operation, outcome);
      return;
    case Kind::extend:
      return note_extended(operation, outcome);
    case Kind::add_cleanup:
      return note_cleanup(operation, outcome);
    case Kind::cancel_cleanup:
      if (outcome == Outcome::done) waiting_cleanups_[operation.other] = false;
      return;
    default:
      return;
  }
}

// Begun, or moved.
void RegionShadow::note_block(const Operation& operation, Outcome outcome) {
  const replay::ReplayedBlock& replayed = replayer_.blocks().at(operation.block);
  const Block before = take_block(operation.block);
  if (outcome != Outcome::done) {
    if (before.address == nullptr) check_as_before(replayed.pool);
    return check_refusal(replayed.pool, operation.bytes, replayed.alignment);
  }
  auto* const address = static_cast<unsigned char*>(replayed.address);
  const std::size_t other_large_count =
      pools_.at(replayed.pool).stats.large_count - (before.is_large ? 1 : 0);
  const bool is_large = replayer_.pool(replayed.pool)->stats().large_count != other_large_count;
  const Block block{address, replayed.bytes, replayed.alignment, replayed.pool, is_large};
  check_new_block(operation, block);
  check_kept(operation.block, address, std::min(before.bytes, block.bytes));
  if (!wrong_.empty()) return;
  for (std::size_t i = 0; i < block.bytes; ++i) address[i] = pattern(operation.block, i);
  blocks_[operation.block] = block;
  if (block.bytes != 0) block_at_[reinterpret_cast<std::uintptr_t>(address)] = operation.block;
}

RegionShadow::Block RegionShadow::take_block(std::uint64_t id) {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return {};
  const Block block = found->second;
  block_at_.erase(reinterpret_cast<std::uintptr_t>(block.address));
  blocks_.erase(found);
  return block;
}

void RegionShadow::note_extended(const Operation& operation, Outcome outcome) {
  const auto found = blocks_.find(operation.block);
  if (outcome != Outcome::done || found == blocks_.end()) return;
  Block& block = found->second;
  check_block(operation.block, block, block.bytes);
  const std::size_t old_bytes = block.bytes;
  block.bytes = static_cast<std::size_t>(operation.bytes);
  check_no_overlap(operation.block, block);
  if (!source_.contains(block.address, block.bytes)) {
    wrong("block %llu was extended past its chunk", Id{operation.block});
  }
  if (!wrong_.empty()) return;
  auto* const address = static_cast<unsigned char*>(replayer_.blocks().at(operation.block).address);
  for (std::size_t i = old_bytes; i < block.bytes; ++i) address[i] = pattern(operation.block, i);
  if (block.bytes != 0) block_at_[reinterpret_cast<std::uintptr_t>(address)] = operation.block;
}

void RegionShadow::note_cleanup(const Operation& operation, Outcome outcome) {
  waiting_cleanups_[operation.other] = outcome == Outcome::done;
  if (outcome != Outcome::done) {
    check_as_before(operation.pool);
    return check_refusal(operation.pool, 0, 1);
  }
  Pool& pool = pools_.at(operation.pool);
  const RegionStats stats = replayer_.pool(operation.pool)->stats();
  if (stats.large_count == pool.stats.large_count + 1) pool.large_nodes.push_back(time_);
}

void RegionShadow::note_end(const Operation& operation) {
  const trace::Ended& ended = replayer_.ended();
  for (const std::uint64_t id : ended.blocks) static_cast<void>(take_block(id));
  if (operation.kind == Kind::reset) pools_.at(operation.pool).large_nodes.clear();
  if (operation.kind == Kind::rewind) {
    const std::uint32_t id = replayer_.ledger().marks().at(operation.other).pool;
    std::vector<std::uint64_t>& nodes = pools_.at(id).large_nodes;
    nodes.erase(std::upper_bound(nodes.begin(), nodes.end(), mark_times_.at(operation.other)),
                nodes.end());
  }
  for (const std::uint32_t id : ended.marks) mark_times_.erase(id);
  for (const std::uint32_t id : ended.pools) pools_.erase(id);
  for (const std::uint32_t id : ended.forgotten_cleanups) waiting_cleanups_.erase(id);
}

// What a shrink or a rewind made smaller.
void RegionShadow::follow_sizes() {
  for (auto& [id, block] : blocks_) {
    block.bytes = replayer_.blocks().at(id).bytes;
    if (block.bytes == 0) block_at_.erase(reinterpret_cast<std::uintptr_t>(block.address));
  }
}

// Memory may be refused for three reasons: the source is out of it, the limit is near, or the size
// is none that a computer has.
void RegionShadow::check_refusal(std::uint32_t pool_id, std::uint64_t bytes,
                                 std::uint64_t alignment) {
  const Region* region = replayer_.pool(pool_id);
  if (region == nullptr) return;
  const Pool& pool = pools_.at(pool_id);
  const RegionStats stats = region->stats();
  const bool is_unreasonable = bytes > reasonable_bytes || alignment > reasonable_bytes;
  if (source_may_fail_ || is_unreasonable) return;
  // Room for the block with its table, guard and header must be missing.
  constexpr std::uint64_t overhead_bytes = 8192;
  const std::uint64_t needed_bytes = bytes + alignment + overhead_bytes;
  if (pool.limit_bytes >= stats.reserved_bytes + needed_bytes) {
    wrong("pool %u refused %llu bytes with %llu below its limit", pool_id, Id{bytes},
          Id{pool.limit_bytes - stats.reserved_bytes});
  }
  if (stats.refused_count != pool.stats.refused_count + 1) {
    wrong("pool %u refused and counts %zu refusals after %zu", pool_id, stats.refused_count,
          pool.stats.refused_count);
  }
}

// A region that refuses is as it was.
void RegionShadow::check_as_before(std::uint32_t pool_id) {
  const Region* region = replayer_.pool(pool_id);
  if (region == nullptr) return;
  const RegionStats& before = pools_.at(pool_id).stats;
  const RegionStats stats = region->stats();
  if (stats.handed_out_bytes != before.handed_out_bytes ||
      stats.requested_bytes != before.requested_bytes || stats.large_count != before.large_count) {
    wrong("pool %u changed when it refused", pool_id);
  }
}

void RegionShadow::check_new_block(const Operation& operation, const Block& block) {
  const auto first = reinterpret_cast<std::uintptr_t>(block.address);
  if (first % block.alignment != 0) {
    return wrong("block %llu is not aligned to %zu", Id{operation.block}, block.alignment);
  }
  if (block.bytes == 0) return;
  if (!source_.contains(block.address, block.bytes)) {
    return wrong("block %llu of %zu bytes lies in no chunk", Id{operation.block}, block.bytes);
  }
  check_no_overlap(operation.block, block);
  if (operation.kind != Kind::allocate_zeroed) return;
  if (std::any_of(block.address, block.address + block.bytes, [](int byte) { return byte != 0; })) {
    wrong("block %llu is not zeroed", Id{operation.block});
  }
}

void RegionShadow::check_no_overlap(std::uint64_t id, const Block& block) {
  if (block.bytes == 0) return;
  const auto first = reinterpret_cast<std::uintptr_t>(block.address);
  const auto next = block_at_.upper_bound(first);
  if (next != block_at_.end() && next->first - first < block.bytes) {
    wrong("block %llu overlaps block %llu", Id{id}, Id{next->second});
  }
  if (next == block_at_.begin()) return;
  const auto [before_first, before_id] = *std::prev(next);
  if (before_id != id && first - before_first < blocks_.at(before_id).bytes) {
    wrong("block %llu overlaps block %llu", Id{id}, Id{before_id});
  }
}

void RegionShadow::check_block(std::uint64_t id, const Block& block, std::size_t bytes) {
  if (bytes == 0 || !wrong_.empty()) return;
  const Region* region = replayer_.pool(block.pool);
  if (region != nullptr && !region->owns(block.address, bytes)) {
    return wrong("pool %u does not own block %llu", block.pool, Id{id});
  }
  check_kept(id, block.address, bytes);
}

void RegionShadow::check_kept(std::uint64_t id, const unsigned char* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes[i] == pattern(id, i)) continue;
    return wrong("block %llu is overwritten at byte %zu of %zu", Id{id}, i, count);
  }
}

// A cleanup may use every block of its pool.
void RegionShadow::cleanup_runs(std::uint32_t cleanup) noexcept {
  cleanups_run_.push_back(cleanup);
  const auto& cleanups = replayer_.ledger().cleanups();
  const auto found = cleanups.find(cleanup);
  if (found == cleanups.end()) return wrong("cleanup %u runs and does not exist", cleanup);
  for (const auto& [id, block] : blocks_) {
    if (block.pool == found->second.place.pool) {
      check_block(id, block, replayer_.blocks().at(id).bytes);
    }
  }
}

void RegionShadow::check_cleanups_ran() {
  std::vector<std::uint32_t> expected;
  for (const std::uint32_t id : replayer_.ended().cleanups) {
    bool& is_waiting = waiting_cleanups_[id];
    if (is_waiting) expected.push_back(id);
    is_waiting = false;
  }
  for (std::size_t i = 0; i < std::max(expected.size(), cleanups_run_.size()); ++i) {
    if (i >= expected.size()) return wrong("cleanup %u ran and should not", cleanups_run_[i]);
    if (i >= cleanups_run_.size()) return wrong("cleanup %u did not run", expected[i]);
    if (expected[i] == cleanups_run_[i]) continue;
    return wrong("cleanup %u ran where %u should have", cleanups_run_[i], expected[i]);
  }
}

void RegionShadow::check_pools() {
  std::size_t reserved_bytes = 0;
  for (auto& [id, pool] : pools_) {
    const Region* region = replayer_.pool(id);
    if (region == nullptr) continue;
    const RegionStats stats = region->stats();
    check_stats(id, stats, pool);
    check_counts(id, stats, pool);
    pool.stats = stats;
    reserved_bytes += stats.reserved_bytes;
  }
  // What a checking region knows beside the rest need not count as its user's.
  const std::size_t guard_bytes_max =
      world_.options().checking == Checking::off ? 0 : 512 * pools_.size();
  if (reserved_bytes > source_.live_bytes() ||
      source_.live_bytes() - reserved_bytes > guard_bytes_max) {
    wrong("the pools reserve %zu bytes and the source gave %zu", reserved_bytes,
          source_.live_bytes());
  }
}

void RegionShadow::check_stats(std::uint32_t id, const RegionStats& stats, Pool& pool) {
  std::size_t live_bytes = 0;
  for (const auto& [block_id, block] : blocks_) live_bytes += block.pool == id ? block.bytes : 0;
  if (stats.requested_bytes < live_bytes || stats.requested_bytes > stats.handed_out_bytes) {
    wrong("pool %u: requested %zu, live %zu, handed out %zu bytes", id, stats.requested_bytes,
          live_bytes, stats.handed_out_bytes);
  }
  const std::size_t used_bytes = stats.handed_out_bytes + stats.free_bytes;
  if (used_bytes > stats.reserved_bytes ||
      stats.wasted_bytes != stats.reserved_bytes - used_bytes) {
    wrong("pool %u: handed out %zu + free %zu + wasted %zu is not reserved %zu", id,
          stats.handed_out_bytes, stats.free_bytes, stats.wasted_bytes, stats.reserved_bytes);
  }
  if (stats.peak_handed_out_bytes < stats.handed_out_bytes ||
      stats.peak_handed_out_bytes < pool.stats.peak_handed_out_bytes) {
    wrong("pool %u: peak %zu after %zu with %zu handed out", id, stats.peak_handed_out_bytes,
          pool.stats.peak_handed_out_bytes, stats.handed_out_bytes);
  }
  if (stats.reserved_bytes > pool.limit_bytes) {
    wrong("pool %u: reserved %zu bytes, limit %llu", id, stats.reserved_bytes,
          Id{pool.limit_bytes});
  }
  if (stats.refused_count < pool.stats.refused_count) wrong("pool %u: refusals shrank", id);
}

void RegionShadow::check_counts(std::uint32_t id, const RegionStats& stats, const Pool& pool) {
  std::size_t large_count = pool.large_nodes.size();
  for (const auto& [block_id, block] : blocks_) {
    large_count += block.pool == id && block.is_large ? 1 : 0;
  }
  if (stats.large_count != large_count) {
    wrong("pool %u: %zu large blocks, expected %zu", id, stats.large_count, large_count);
  }
  const std::size_t cleanup_count = count_waiting_cleanups(id);
  if (stats.cleanup_count != cleanup_count) {
    wrong("pool %u: %zu cleanups, expected %zu", id, stats.cleanup_count, cleanup_count);
  }
  const std::size_t child_count = count_children(id);
  if (stats.child_count != child_count) {
    wrong("pool %u: %zu children, expected %zu", id, stats.child_count, child_count);
  }
}

std::size_t RegionShadow::count_waiting_cleanups(std::uint32_t pool) const {
  std::size_t count = 0;
  for (const auto& [id, cleanup] : replayer_.ledger().cleanups()) {
    const auto found = waiting_cleanups_.find(id);
    const bool is_waiting = found != waiting_cleanups_.end() && found->second;
    count += cleanup.place.pool == pool && is_waiting ? 1 : 0;
  }
  return count;
}

std::size_t RegionShadow::count_children(std::uint32_t pool) const {
  if (pool == trace::heap_pool) return 0;
  std::size_t count = 0;
  for (const auto& [id, child] : replayer_.ledger().pools()) count += child.parent == pool ? 1 : 0;
  return count;
}

void RegionShadow::wrong(const char* format, ...) noexcept {
  if (!wrong_.empty()) return;
  char message[256];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  wrong_ = message;
}

std::string run_in_shadow(const trace::Program& program, const RegionOptions& options,
                          Source& upstream, bool source_may_fail) {
  RegionShadow shadow(options, upstream, source_may_fail);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const std::string wrong = shadow.apply(program[i]);
    if (wrong.empty()) continue;
    std::string line;
    trace::append_text(program[i], line);
    line.pop_back();
    return "operation " + std::to_string(i) + " (" + line + "): " + wrong;
  }
  return shadow.end();
}

}  // namespace tarn
