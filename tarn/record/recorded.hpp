// tarn/record/recorded.hpp - a pool whose operations become a trace.
//
//     Recorded<Region>                        PoolRecorder
//     +--------------+---------------+        +--------+
//     | its number   | the Region    |------->|        |---> create pool=1
//     +--------------+---------------+ every  +--------+     allocate pool=1 block=1 bytes=100
//                     does all of it   call                  destroy pool=1
//
// It has what its pool has of the abilities in tarn/base/concepts.hpp, under the same names, so
// that code written against those runs on it unchanged. The pool knows nothing of it.
//
// An empty block is given a byte, so that each has an address of its own.
//
// Threads:    as the pool.
// Failure:    as the pool. What it refuses is no operation.
// Lifetime:   the recorder outlives the pool.

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "tarn/base/bits.hpp"
#include "tarn/base/concepts.hpp"
#include "tarn/base/out_of_memory.hpp"
#include "tarn/record/pool_recorder.hpp"

namespace tarn::record {

/// A pool that is not asked with a size, such as FixedPool and SlabCache.
template <typename P>
concept PoolOfOneSize = requires(P& pool, const P& seen, void* block) {
  { pool.try_allocate() }
  noexcept->std::same_as<void*>;
  { pool.deallocate(block) }
  noexcept;
  { seen.block_bytes() } -> std::convertible_to<std::size_t>;
  { seen.alignment() } -> std::convertible_to<std::size_t>;
};

/// A pool's mark and its number in the trace.
template <typename P>
struct RecordedMark {};
template <Markable P>
struct RecordedMark<P> {
  typename P::Mark mark;
  std::uint32_t number;
};

/// A pool's handle of a cleanup and its number in the trace.
template <typename Handle>
struct RecordedCleanup {
  Handle handle{};
  std::uint32_t number = 0;
};

/// What reset() takes where only braces are written.
struct RetainedBytes {
  std::size_t bytes_max;
  bool as_one_chunk;
};

template <typename P>
requires Pool<P> || PoolOfOneSize<P>
class Recorded {
 public:
  using Mark = RecordedMark<P>;

  /// A pool made of `arguments`. The limit of options (reserved_bytes_max) is in the trace.
  template <typename... Arguments>
  explicit Recorded(PoolRecorder& recorder, Arguments&&... arguments)
      : entry_(recorder, trace::heap_pool, limit_of(trace::unlimited, arguments...)),
        pool_(std::forward<Arguments>(arguments)...) {}

  /// A child of `parent`, which ends with it at the latest.
  template <typename... Arguments>
  explicit Recorded(Recorded& parent, Arguments&&... arguments)
      : entry_(parent.recorder(), parent.number(),
               limit_of(parent.entry_.limit_bytes, arguments...)),
        pool_(parent.pool_, std::forward<Arguments>(arguments)...) {}

  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  [[nodiscard]] void* try_allocate(std::size_t bytes,
                                   std::size_t alignment = fundamental_alignment) noexcept requires
      Allocating<P> {
    return begin(trace::Kind::allocate, pool_.try_allocate(room(bytes), alignment), bytes,
                 alignment);
  }
  [[nodiscard]] void* try_allocate() noexcept requires PoolOfOneSize<P> {
    return begin(trace::Kind::allocate, pool_.try_allocate(), pool_.block_bytes(),
                 pool_.alignment());
  }
  [[nodiscard]] void* try_allocate_zeroed(
      std::size_t bytes,
      std::size_t alignment = fundamental_alignment) noexcept requires AllocatingZeroed<P> {
    return begin(trace::Kind::allocate_zeroed, pool_.try_allocate_zeroed(room(bytes), alignment),
                 bytes, alignment);
  }

  /// As try_allocate(), never null: throws std::bad_alloc instead.
  [[nodiscard]] void* allocate(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) requires Allocating<P> {
    void* const block = try_allocate(bytes, alignment);
    if (block == nullptr) out_of_memory(bytes);
    return block;
  }
  [[nodiscard]] void* allocate() requires PoolOfOneSize<P> {
    void* const block = try_allocate();
    if (block == nullptr) out_of_memory(pool_.block_bytes());
    return block;
  }

  void deallocate(void* block) noexcept requires PoolOfOneSize<P> {
    recorder().end_block(block);
    pool_.deallocate(block);
  }
  void deallocate(void* block, std::size_t bytes) noexcept requires DeallocatingByBytes<P> {
    recorder().end_block(block);
    pool_.deallocate(block, room(bytes));
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment) noexcept requires DeallocatingByAlignment<P> {
    recorder().end_block(block);
    pool_.deallocate(block, room(bytes), alignment);
  }

  [[nodiscard]] bool try_extend(void* block, std::size_t bytes,
                                std::size_t new_bytes) noexcept requires Extendable<P> {
    if (!pool_.try_extend(block, room(bytes), room(new_bytes))) return false;
    recorder().resize_block(trace::Kind::extend, block, new_bytes);
    return true;
  }
  void shrink(void* block, std::size_t bytes,
              std::size_t new_bytes) noexcept requires Shrinkable<P> {
    recorder().resize_block(trace::Kind::shrink, block, new_bytes);
    pool_.shrink(block, room(bytes), room(new_bytes));
  }
  [[nodiscard]] void* try_reallocate(void* block, std::size_t bytes,
                                     std::size_t new_bytes) noexcept requires requires(P& pool) {
    pool.try_reallocate(block, bytes, new_bytes);
  }
  {
    const std::uint64_t number = recorder().begin_move(block);
    void* const moved = pool_.try_reallocate(block, room(bytes), room(new_bytes));
    if (moved == nullptr) {
      recorder().move_back(number, block);
    } else {
      recorder().move_to(number, moved, new_bytes);
    }
    return moved;
  }

  void reset() noexcept requires Resettable<P> {
    pool_.reset();
    recorder().reset(number(), trace::unlimited, false);
  }
  /// As the pool's, of {bytes_max, as_one_chunk}.
  template <typename Retain = RetainedBytes>
  void reset(const Retain& retain) noexcept requires Retaining<P> {
    const auto& [bytes_max, as_one_chunk] = retain;
    pool_.reset({bytes_max, as_one_chunk});
    recorder().reset(number(), bytes_max, as_one_chunk);
  }

  [[nodiscard]] Mark mark() noexcept requires Markable<P> {
    return {pool_.mark(), recorder().mark(number())};
  }
  void rewind(const Mark& mark) noexcept requires Markable<P> {
    pool_.rewind(mark.mark);
    recorder().rewind(mark.number);
  }

  void adopt(Recorded& child) noexcept requires Nestable<P> {
    pool_.adopt(child.pool_);
    recorder().adopt(number(), child.number());
  }
  void detach() noexcept requires Nestable<P> {
    pool_.detach();
    recorder().adopt(trace::heap_pool, number());
  }

  template <typename Handle>
  [[nodiscard]] bool try_add_cleanup(
      void (*run)(void*) noexcept, void* argument,
      RecordedCleanup<Handle>& cleanup) noexcept requires Cleaning<P, Handle> {
    if (!pool_.try_add_cleanup(run, argument, cleanup.handle)) return false;
    cleanup.number = recorder().add_cleanup(number());
    return true;
  }
  template <typename Handle>
  bool cancel(const RecordedCleanup<Handle>& cleanup) noexcept requires Cleaning<P, Handle> {
    if (!pool_.cancel(cleanup.handle)) return false;
    recorder().settle_cleanup(trace::Kind::cancel_cleanup, cleanup.number);
    return true;
  }
  template <typename Handle>
  bool run_now(const RecordedCleanup<Handle>& cleanup) noexcept requires Cleaning<P, Handle> {
    if (!pool_.run_now(cleanup.handle)) return false;
    recorder().settle_cleanup(trace::Kind::run_cleanup, cleanup.number);
    return true;
  }

  /// The pool itself, for what is not recorded: its statistics.
  [[nodiscard]] const P& pool() const noexcept { return pool_; }

 private:
  // In front of the pool, so that the trace has the pool's end behind what its cleanups do.
  struct Entry {
    Entry(PoolRecorder& its_recorder, std::uint32_t parent, std::uint64_t its_limit_bytes)
        : recorder(its_recorder),
          limit_bytes(its_limit_bytes),
          number(recorder.create(parent, limit_bytes)) {}
    ~Entry() { recorder.destroy(number); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    PoolRecorder& recorder;
    std::uint64_t limit_bytes;
    std::uint32_t number;
  };

  template <typename... Arguments>
  [[nodiscard]] static std::uint64_t limit_of(std::uint64_t limit_bytes,
                                              const Arguments&... arguments) noexcept {
    [[maybe_unused]] const auto look = [&limit_bytes](const auto& argument) {
      if constexpr (requires { argument.reserved_bytes_max; }) {
        limit_bytes = argument.reserved_bytes_max;
      }
    };
    (look(arguments), ...);
    return limit_bytes;
  }
  [[nodiscard]] static std::size_t room(std::size_t bytes) noexcept {
    return bytes == 0 ? 1 : bytes;
  }

  [[nodiscard]] PoolRecorder& recorder() const noexcept { return entry_.recorder; }
  [[nodiscard]] std::uint32_t number() const noexcept { return entry_.number; }

  void* begin(trace::Kind kind, void* block, std::size_t bytes, std::size_t alignment) noexcept {
    if (block != nullptr) recorder().begin_block(number(), kind, block, bytes, alignment);
    return block;
  }

  Entry entry_;
  P pool_;
};

}  // namespace tarn::record
