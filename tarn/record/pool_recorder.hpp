// tarn/record/pool_recorder.hpp - writes what is done to pools of this program as a trace.
//
//     Recorded<Region> ---+                      addresses become numbers of blocks,
//     Recorded<Arena>  ---+---> PoolRecorder --- threads become numbers, ---> TraceWriter
//     Recorded<Region> ---+      one lock        and each gets its time
//
// Pools are told of by Recorded (recorded.hpp), which is what programs use. What ends a block is
// to be told before the pool does it, what begins one afterwards: so the next thread that gets its
// address comes later in the trace as well.
//
// Threads:    any.
// Failure:    the first failure of the output stays, and close() returns it; std::bad_alloc for
//             what the recorder has to remember ends the program, as every call here is noexcept.
// Lifetime:   output, then recorder, then pools, each within the one before. A recorder that ends
//             without close() leaves what was written up to the last section.

#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "tarn/base/result.hpp"
#include "tarn/trace/ledger.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trace_file/address_book.hpp"
#include "tarn/trace_file/output.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::record {

class PoolRecorder {
 public:
  explicit PoolRecorder(trace::Output& output);

  /// Says something about the recording in the trace, such as what the program was.
  void add_note(std::string_view key, std::string_view value);

  /// Writes the end of the trace. Pools may live on, unrecorded.
  Result<void> close();

  /// Returns the number of a pool that begins, a child of `parent` (0: of nobody).
  [[nodiscard]] std::uint32_t create(std::uint32_t parent, std::uint64_t limit_bytes) noexcept;
  /// A pool that its parent has ended is not told to end again.
  void destroy(std::uint32_t pool) noexcept;
  void reset(std::uint32_t pool, std::uint64_t retain_bytes, bool as_one_chunk) noexcept;
  [[nodiscard]] std::uint32_t mark(std::uint32_t pool) noexcept;
  void rewind(std::uint32_t mark) noexcept;
  /// `pool` 0: the child is nobody's from now on.
  void adopt(std::uint32_t pool, std::uint32_t child) noexcept;

  void begin_block(std::uint32_t pool, trace::Kind kind, const void* block, std::size_t bytes,
                   std::size_t alignment) noexcept;
  void resize_block(trace::Kind kind, const void* block, std::size_t bytes) noexcept;
  void end_block(const void* block) noexcept;

  /// Takes a block away from its address, which another thread may get while it moves; returns
  /// what move_to() takes, or move_back() if it has stayed.
  [[nodiscard]] std::uint64_t begin_move(const void* block) noexcept;
  void move_to(std::uint64_t number, const void* block, std::size_t bytes) noexcept;
  void move_back(std::uint64_t number, const void* block) noexcept;

  [[nodiscard]] std::uint32_t add_cleanup(std::uint32_t pool) noexcept;
  /// `kind`: it is run now, or cancelled.
  void settle_cleanup(trace::Kind kind, std::uint32_t cleanup) noexcept;

 private:
  using Lock = std::lock_guard<std::mutex>;

  void append(trace::Operation operation, trace::Kind kind);
  [[nodiscard]] bool append_checked(trace::Operation operation, trace::Kind kind);

  std::mutex mutex_;
  bool is_closed_ = false;
  trace::TraceWriter writer_;
  trace::AddressBook book_;
  trace::Ledger pools_;  // and marks; their blocks it is not told of
  std::unordered_map<std::uintptr_t, std::uint32_t> threads_;
  std::uint64_t begin_ns_;
  std::uint32_t pool_count_ = 0;
  std::uint32_t mark_count_ = 0;
  std::uint32_t cleanup_count_ = 0;
};

}  // namespace tarn::record
