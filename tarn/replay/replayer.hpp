// tarn/replay/replayer.hpp - runs operations against anything that models Pool.
//
//     operation --> ledger: does it make sense? --> pool: do it --> ledger: what has ended?
//                        | no                        | can not           |
//                        v                           v                   v
//                      Error                  unsupported, refused   forgotten, or freed one by one
//
// An ability that the pool lacks is left out and counted. Blocks that end together in a pool that
// can not end them together are deallocated one by one.
//
// Threads:    one at a time; the threads that a program names are not used.
// Failure:    an operation on an id that is wrong is an Error and changes nothing. Memory refused
//             is an outcome: the block counts as alive, without an address, and what is done to it
//             afterwards is refused as well. One that may not move is as it was, but where there
//             are marks: there it has lost its address, too.
// Lifetime:   the destructor ends every pool that is left.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "tarn/base/concepts.hpp"
#include "tarn/base/result.hpp"
#include "tarn/replay/pool_calls.hpp"
#include "tarn/replay/world.hpp"
#include "tarn/trace/ledger.hpp"
#include "tarn/trace/operation.hpp"

namespace tarn::replay {

enum class Outcome : std::uint8_t {
  done,
  /// The pool said no: out of memory, or no room to grow in place.
  refused,
  /// The pool has no such ability.
  unsupported,
};

struct OutcomeCounts {
  std::size_t done = 0;
  std::size_t refused = 0;
  std::size_t unsupported = 0;
};

struct ReplayedBlock {
  void* address = nullptr;  // null: refused
  std::size_t bytes = 0;
  std::size_t alignment = 1;
  std::uint32_t pool = trace::heap_pool;
};

template <World W>
class Replayer {
 public:
  using Pool = typename W::Pool;
  using CleanupHandle = typename W::CleanupHandle;

  /// Is told each cleanup's id when the pool runs it.
  struct Watcher {
    virtual void cleanup_runs(std::uint32_t cleanup) noexcept = 0;

   protected:
    ~Watcher() = default;
  };

  explicit Replayer(W& world, Watcher* watcher = nullptr) : world_(world), watcher_(watcher) {
    pools_[trace::heap_pool] = world_.create(nullptr, SIZE_MAX);
  }

  ~Replayer() { end(); }

  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;

  /// Does one operation.
  [[nodiscard]] Result<Outcome> apply(const trace::Operation& operation);

  /// Ends every pool, the heap last. Nothing may be applied afterwards.
  void end();

  [[nodiscard]] const OutcomeCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const trace::Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const std::map<std::uint64_t, ReplayedBlock>& blocks() const noexcept {
    return blocks_;
  }

  /// The pool of that id; nullptr if it does not exist or its creation was refused.
  [[nodiscard]] Pool* pool(std::uint32_t id) const noexcept {
    const auto found = pools_.find(id);
    return found == pools_.end() ? nullptr : found->second;
  }

  /// What the last operation ended.
  [[nodiscard]] const trace::Ended& ended() const noexcept { return *ended_; }

 private:
  using Mark = typename MarkOf<Pool>::Type;

  struct Cleanup {
    CleanupHandle handle{};
    Replayer* replayer = nullptr;
    std::uint32_t id = 0;
    bool is_registered = false;
  };

  // A block that grew while a mark of its pool was set: rewinding to that mark takes the growth
  // back.
  struct Growth {
    std::uint64_t block;
    std::size_t bytes_before;
  };

  struct MarkRecord {
    Mark mark;
    std::size_t growth_count;  // how many growths came before
  };

  static void run_cleanup(void* argument) noexcept {
    const Cleanup& cleanup = *static_cast<Cleanup*>(argument);
    Watcher* watcher = cleanup.replayer->watcher_;
    if (watcher != nullptr) watcher->cleanup_runs(cleanup.id);
  }

  Outcome run(const trace::Operation& operation);
  Outcome create(const trace::Operation& operation);
  Outcome destroy(Pool*& pool);
  Outcome reset(Pool& pool, const trace::Operation& operation);
  Outcome mark(Pool& pool, const trace::Operation& operation);
  Outcome rewind(const trace::Operation& operation);
  Outcome adopt(const trace::Operation& operation);
  Outcome allocate(Pool& pool, const trace::Operation& operation);
  Outcome extend(ReplayedBlock& block, const trace::Operation& operation);
  Outcome shrink(ReplayedBlock& block, const trace::Operation& operation);
  Outcome reallocate(ReplayedBlock& block, const trace::Operation& operation);
  Outcome deallocate(ReplayedBlock& block);
  Outcome add_cleanup(Pool& pool, const trace::Operation& operation);
  Outcome settle_cleanup(const trace::Operation& operation);
  Outcome run_on_block(ReplayedBlock& block, const trace::Operation& operation);
  Outcome run_in_pool(Pool* pool, const trace::Operation& operation);

  void take_growths_back(std::uint32_t pool, std::size_t growth_count);
  void forget(const trace::Operation& operation);
  void forget_block(const trace::Operation& operation, std::uint64_t id);
  void count(Outcome outcome);

  W& world_;
  Watcher* watcher_;
  trace::Ledger ledger_;
  OutcomeCounts counts_;
  const trace::Ended no_end_;
  const trace::Ended* ended_ = &no_end_;
  std::map<std::uint32_t, Pool*> pools_;
  std::map<std::uint64_t, ReplayedBlock> blocks_;
  std::map<std::uint32_t, MarkRecord> marks_;
  std::map<std::uint32_t, Cleanup> cleanups_;
  std::vector<Growth> growths_;
};

/// Runs a program and returns how it went; the error says which operation, the first being 0.
template <World W>
[[nodiscard]] Result<OutcomeCounts> replay(const trace::Program& program, W& world) {
  Replayer<W> replayer(world);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const Result<Outcome> outcome = replayer.apply(program[i]);
    if (outcome) continue;
    return Error::make(outcome.error().code, "operation %zu: %s", i, outcome.error().message);
  }
  return replayer.counts();
}

template <World W>
Result<Outcome> Replayer<W>::apply(const trace::Operation& operation) {
  if (Result<void> checked = ledger_.check(operation); !checked) return checked.error();
  const Outcome outcome = run(operation);
  count(outcome);
  ended_ = &ledger_.commit(operation);
  forget(operation);
  return outcome;
}

template <World W>
Outcome Replayer<W>::run(const trace::Operation& operation) {
  using trace::Kind;
  switch (operation.kind) {
    case Kind::create:
      return create(operation);
    case Kind::rewind:
      return rewind(operation);
    case Kind::adopt:
      return adopt(operation);
    case Kind::extend:
    case Kind::shrink:
    case Kind::reallocate:
    case Kind::deallocate:
      return run_on_block(blocks_.at(operation.block), operation);
    case Kind::cancel_cleanup:
    case Kind::run_cleanup:
      return settle_cleanup(operation);
    case Kind::thread_begin:
    case Kind::thread_end:
    case Kind::scope_begin:
    case Kind::scope_end:
    case Kind::phase:
      return Outcome::done;
    default:
      return run_in_pool(pools_.at(operation.pool), operation);
  }
}

template <World W>
Outcome Replayer<W>::run_in_pool(Pool* pool, const trace::Operation& operation) {
  using trace::Kind;
  if (operation.kind == Kind::destroy) return destroy(pools_.at(operation.pool));
  if (operation.kind == Kind::allocate || operation.kind == Kind::allocate_zeroed) {
    blocks_[operation.block].pool = operation.pool;
  }
  if (pool == nullptr) return Outcome::refused;
  switch (operation.kind) {
    case Kind::reset:
      return reset(*pool, operation);
    case Kind::mark:
      return mark(*pool, operation);
    case Kind::add_cleanup:
      return add_cleanup(*pool, operation);
    default:
      return allocate(*pool, operation);
  }
}

template <World W>
Outcome Replayer<W>::run_on_block(ReplayedBlock& block, const trace::Operation& operation) {
  if (block.address == nullptr) return Outcome::refused;
  if (operation.kind == trace::Kind::extend) return extend(block, operation);
  if (operation.kind == trace::Kind::shrink) return shrink(block, operation);
  if (operation.kind == trace::Kind::reallocate) return reallocate(block, operation);
  return deallocate(block);
}

template <World W>
Outcome Replayer<W>::create(const trace::Operation& operation) {
  Pool* parent = operation.other == trace::heap_pool ? nullptr : pools_.at(operation.other);
  Pool* made = world_.create(parent, static_cast<std::size_t>(operation.bytes));
  pools_[operation.pool] = made;
  return made == nullptr ? Outcome::refused : Outcome::done;
}

template <World W>
Outcome Replayer<W>::destroy(Pool*& pool) {
  // A pool that can not end its blocks itself is needed for ending them in forget().
  if constexpr (Resettable<Pool>) world_.destroy(std::exchange(pool, nullptr));
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::reset(Pool& pool, const trace::Operation& operation) {
  if constexpr (Retaining<Pool>) {
    pool.reset({static_cast<std::size_t>(operation.bytes), operation.as_one_chunk});
  } else if constexpr (Resettable<Pool>) {
    pool.reset();
  }
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::mark([[maybe_unused]] Pool& pool,
                          [[maybe_unused]] const trace::Operation& operation) {
  if constexpr (Markable<Pool>) {
    marks_.insert_or_assign(operation.other, MarkRecord{pool.mark(), growths_.size()});
  }
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::rewind([[maybe_unused]] const trace::Operation& operation) {
  if constexpr (Markable<Pool>) {
    const auto found = marks_.find(operation.other);
    if (found == marks_.end()) return Outcome::refused;
    const std::uint32_t pool = ledger_.marks().at(operation.other).pool;
    take_growths_back(pool, found->second.growth_count);
    pools_.at(pool)->rewind(found->second.mark);
  }
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::adopt(const trace::Operation& operation) {
  if constexpr (!Nestable<Pool>) {
    return Outcome::unsupported;
  } else {
    Pool* child = pools_.at(operation.other);
    if (child == nullptr) return Outcome::refused;
    if (operation.pool == trace::heap_pool) {
      child->detach();
      return Outcome::done;
    }
    Pool* parent = pools_.at(operation.pool);
    if (parent == nullptr) return Outcome::refused;
    parent->adopt(*child);
    return Outcome::done;
  }
}

template <World W>
Outcome Replayer<W>::allocate(Pool& pool, const trace::Operation& operation) {
  ReplayedBlock& block = blocks_.at(operation.block);
  block.bytes = static_cast<std::size_t>(operation.bytes);
  block.alignment = static_cast<std::size_t>(operation.alignment());
  block.address = operation.kind == trace::Kind::allocate
                      ? pool.try_allocate(block.bytes, block.alignment)
                      : allocate_zeroed(pool, block.bytes, block.alignment);
  return block.address == nullptr ? Outcome::refused : Outcome::done;
}

template <World W>
Outcome Replayer<W>::extend(ReplayedBlock& block, const trace::Operation& operation) {
  if constexpr (!Extendable<Pool>) {
    return Outcome::unsupported;
  } else {
    const auto new_bytes = static_cast<std::size_t>(operation.bytes);
    if (new_bytes < block.bytes) return Outcome::refused;
    if (!pools_.at(block.pool)->try_extend(block.address, block.bytes, new_bytes)) {
      return Outcome::refused;
    }
    if (!marks_.empty()) growths_.push_back({operation.block, block.bytes});
    block.bytes = new_bytes;
    return Outcome::done;
  }
}

template <World W>
Outcome Replayer<W>::shrink(ReplayedBlock& block, const trace::Operation& operation) {
  if constexpr (!Shrinkable<Pool>) {
    return Outcome::unsupported;
  } else {
    const auto new_bytes = static_cast<std::size_t>(operation.bytes);
    if (new_bytes > block.bytes) return Outcome::refused;
    pools_.at(block.pool)->shrink(block.address, block.bytes, new_bytes);
    block.bytes = new_bytes;
    return Outcome::done;
  }
}

template <World W>
Outcome Replayer<W>::reallocate(ReplayedBlock& block, const trace::Operation& operation) {
  const auto new_bytes = static_cast<std::size_t>(operation.bytes);
  void* const moved = replay::reallocate(*pools_.at(block.pool), block.address, block.bytes,
                                         new_bytes, block.alignment);
  if (moved == nullptr) {
    // To the program it is younger than all marks, to its pool it is not: both end it with none.
    if constexpr (Markable<Pool>) {
      deallocate(block);
      block.address = nullptr;
    }
    return Outcome::refused;
  }
  block.address = moved;
  block.bytes = new_bytes;
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::deallocate(ReplayedBlock& block) {
  replay::deallocate(*pools_.at(block.pool), block.address, block.bytes, block.alignment);
  return Outcome::done;
}

template <World W>
Outcome Replayer<W>::add_cleanup(Pool& pool, const trace::Operation& operation) {
  if constexpr (!Cleaning<Pool, CleanupHandle>) {
    return Outcome::unsupported;
  } else {
    Cleanup& cleanup = cleanups_[operation.other];
    cleanup.replayer = this;
    cleanup.id = operation.other;
    cleanup.is_registered = pool.try_add_cleanup(&run_cleanup, &cleanup, cleanup.handle);
    return cleanup.is_registered ? Outcome::done : Outcome::refused;
  }
}

template <World W>
Outcome Replayer<W>::settle_cleanup(const trace::Operation& operation) {
  if constexpr (!Cleaning<Pool, CleanupHandle>) {
    return Outcome::unsupported;
  } else {
    const auto found = cleanups_.find(operation.other);
    if (found == cleanups_.end() || !found->second.is_registered) return Outcome::refused;
    Pool& pool = *pools_.at(ledger_.cleanups().at(operation.other).place.pool);
    const CleanupHandle handle = found->second.handle;
    const bool is_done =
        operation.kind == trace::Kind::run_cleanup ? pool.run_now(handle) : pool.cancel(handle);
    return is_done ? Outcome::done : Outcome::refused;
  }
}

template <World W>
void Replayer<W>::take_growths_back(std::uint32_t pool, std::size_t growth_count) {
  for (std::size_t i = growths_.size(); i > growth_count; --i) {
    const auto found = blocks_.find(growths_[i - 1].block);
    if (found == blocks_.end() || found->second.pool != pool) continue;
    found->second.bytes = std::min(found->second.bytes, growths_[i - 1].bytes_before);
  }
}

template <World W>
void Replayer<W>::forget(const trace::Operation& operation) {
  for (const std::uint64_t id : ended_->blocks) forget_block(operation, id);
  for (const std::uint32_t id : ended_->forgotten_cleanups) cleanups_.erase(id);
  for (const std::uint32_t id : ended_->marks) marks_.erase(id);
  if (marks_.empty()) growths_.clear();
  for (const std::uint32_t id : ended_->pools) {
    Pool* pool = pools_.at(id);
    if (pool != nullptr) world_.destroy(pool);
    pools_.erase(id);
  }
}

template <World W>
void Replayer<W>::forget_block(const trace::Operation& operation, std::uint64_t id) {
  using trace::Kind;
  const bool ends_together = operation.kind == Kind::destroy || operation.kind == Kind::reset;
  const bool one_by_one =
      (ends_together && !Resettable<Pool>) || (operation.kind == Kind::rewind && !Markable<Pool>);
  ReplayedBlock& block = blocks_.at(id);
  if (one_by_one && block.address != nullptr) deallocate(block);
  blocks_.erase(id);
}

template <World W>
void Replayer<W>::count(Outcome outcome) {
  if (outcome == Outcome::done) ++counts_.done;
  if (outcome == Outcome::refused) ++counts_.refused;
  if (outcome == Outcome::unsupported) ++counts_.unsupported;
}

template <World W>
void Replayer<W>::end() {
  trace::Operation destroy_pool;
  destroy_pool.kind = trace::Kind::destroy;
  while (ledger_.pools().size() > 1) {
    destroy_pool.pool = ledger_.pools().rbegin()->first;
    while (ledger_.pools().at(destroy_pool.pool).parent != trace::heap_pool) {
      destroy_pool.pool = ledger_.pools().at(destroy_pool.pool).parent;
    }
    static_cast<void>(apply(destroy_pool));
  }
  trace::Operation reset_heap;
  reset_heap.kind = trace::Kind::reset;
  if (pools_[trace::heap_pool] != nullptr) {
    static_cast<void>(apply(reset_heap));
    world_.destroy(std::exchange(pools_[trace::heap_pool], nullptr));
  }
}

}  // namespace tarn::replay
