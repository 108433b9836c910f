// tarn/trace/operation.hpp - one operation on a pool, as data.
//
// A program is a list of operations. The recorder writes one, the replayer runs one, the fuzzers
// decode bytes into one, the property tests draw one, the benchmarks' workloads are lists of them.
//
//     create pool=1                                    pools:    named by `pool`; 0 is the heap, a
//     allocate pool=1 block=1 bytes=100                          pool that exists from the start
//     mark pool=1 mark=1                               blocks, marks, cleanups: each kind has ids
//     allocate pool=1 block=2 bytes=24 alignment=8               of its own, across all pools
//     rewind mark=1      (block 2 ends)
//     destroy pool=1     (block 1 ends)
//
// An id names one thing from the operation that begins it to the one that ends it, and is free to
// be used again then. What an operation ends is told by trace/ledger.hpp.
//
// Threads:    plain values.
// Invariant:  a field that a kind does not have (operation_fields.hpp says which it has) is 0.

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace tarn::trace {

// The text form uses the names, the binary form the numbers: what is added comes last.
enum class Kind : std::uint8_t {
  /// Begins `pool` as a child of `other` (0: of nobody) that holds at most `bytes`.
  create,
  /// Ends `pool` and everything it holds: children first, then cleanups, then blocks.
  destroy,
  /// As destroy, but the pool goes on, keeping `bytes` of memory at most, if so `as_one_chunk`.
  reset,
  /// Begins `other`, a mark of `pool`.
  mark,
  /// Ends everything of the pool that began after the mark `other`.
  rewind,
  /// Makes `other` a child of `pool` (0: of nobody) instead of its present parent's.
  adopt,
  /// Begins `block` in `pool`, of `bytes` bytes aligned to 1 << `alignment_shift`.
  allocate,
  /// As allocate, with the bytes set to zero.
  allocate_zeroed,
  /// Grows `block` to `bytes` where it is.
  extend,
  /// Shrinks `block` to `bytes` where it is; of 0 bytes, it still waits for its end.
  shrink,
  /// Ends `block`.
  deallocate,
  /// Begins `other`, a cleanup of `pool`.
  add_cleanup,
  /// Takes the cleanup `other` off without running it; nothing if it has run or been cancelled.
  cancel_cleanup,
  /// Runs the cleanup `other` now; nothing if it has run or been cancelled.
  run_cleanup,
  /// Gives `block` `bytes` bytes, moving its content if need be; to its pool it has just begun.
  reallocate,
  /// Begins `thread`. A thread that is there from the start need not begin.
  thread_begin,
  /// Ends `thread`.
  thread_end,
  /// Begins `other`, a scope (a request, say) of the name that has the number `bytes`.
  scope_begin,
  /// Ends the scope `other`.
  scope_end,
  /// From here on the program is in the phase of the name that has the number `bytes`.
  phase,
};

inline constexpr std::size_t kind_count = 20;

/// The pool that exists from the start and is nobody's parent.
inline constexpr std::uint32_t heap_pool = 0;

/// `bytes` of a create without a limit, and of a reset that keeps everything.
inline constexpr std::uint64_t unlimited = UINT64_MAX;

struct Operation {
  std::uint64_t time_ns = 0;  // since the program began
  std::uint64_t block = 0;
  std::uint64_t bytes = 0;
  std::uint32_t pool = 0;
  std::uint32_t other = 0;  // parent, child, mark, cleanup or scope
  std::uint32_t thread = 0;
  std::uint32_t stack = 0;  // who did it, by a number of the file's stacks; 0: not known
  Kind kind = Kind::create;
  std::uint8_t alignment_shift = 0;
  bool as_one_chunk = false;

  [[nodiscard]] std::uint64_t alignment() const noexcept {
    return std::uint64_t{1} << alignment_shift;
  }

  friend bool operator==(const Operation&, const Operation&) = default;
};

static_assert(sizeof(Operation) == 48 && std::is_trivially_copyable_v<Operation>,
              "a program of a million operations is 48 MB and can be copied as bytes");

using Program = std::vector<Operation>;

}  // namespace tarn::trace
