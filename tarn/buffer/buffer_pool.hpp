// tarn/buffer/buffer_pool.hpp - buffers for any thread, out of an arena.
//
//     BufferPool
//     +-------------------------------------------+     try_allocate()
//     | arena: thread caches, shards, chunks      |--------------------> Buffer, 16 bytes
//     | leak watch: 1 of 128 buffers              |<-------------------- its last handle ends
//     +-------------------------------------------+
//
// A buffer is one block of the arena, its header in front of its bytes. The arena's shards are what
// Netty calls the arenas of its allocator: the least-used one is bound to a thread that begins.
//
// Threads:    any; a buffer may end on another thread than the one that allocated it. Creating, and
//             destroying when nobody uses it any more, is one thread's.
// Failure:    try_allocate() returns an empty handle, allocate() throws std::bad_alloc, or
//             std::length_error where no buffer is so large.
// Lifetime:   the pool outlives its buffers. When checking, one that does not stops the program.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/arena/arena.hpp"
#include "tarn/buffer/buffer.hpp"
#include "tarn/buffer/call_site.hpp"
#include "tarn/buffer/leak_watch.hpp"

namespace tarn {

struct BufferPoolOptions {
  /// Where the memory comes from, how it is cut, how closely it checks. Its name is the pool's.
  ArenaOptions arena = {.name = "buffers"};
  /// A watched buffer costs a lock and 128 bytes more.
  LeakDetection leak_detection = LeakDetection::sampled;
  /// Called by the pool's destructor for each watched buffer that still has handles. It must end
  /// no buffer of the pool, as exit() may.
  void (*report_leak)(const LiveBuffer& buffer, void* context) noexcept = &print_leak;
  void* context = nullptr;

  /// Prints one line to stderr: how large, where from, where last.
  static void print_leak(const LiveBuffer& buffer, void* context) noexcept;
};

class BufferPool {
 public:
  /// The capacity of a buffer that was told none.
  static constexpr std::size_t capacity_default = 256;

  /// Calls no source yet. Throws std::bad_alloc if there is no memory for the arena itself.
  explicit BufferPool(const BufferPoolOptions& options = {});

  /// Reports the watched buffers that still have handles. When checking, any that has stops the
  /// program with a message.
  ~BufferPool();

  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// Returns the owner of `capacity` writable bytes, which grows up to `capacity_max`; an empty
  /// handle if memory is refused or `capacity` is above `capacity_max` or buffer_capacity_max. The
  /// first byte is aligned to 16. `site` is where it is born, for the leak watch.
  [[nodiscard]] Buffer try_allocate(std::size_t capacity = capacity_default,
                                    std::size_t capacity_max = buffer_capacity_max,
                                    CallSite site = CallSite::here()) noexcept;

  /// As try_allocate(), never empty: throws std::bad_alloc or std::length_error.
  [[nodiscard]] Buffer allocate(std::size_t capacity = capacity_default,
                                std::size_t capacity_max = buffer_capacity_max,
                                CallSite site = CallSite::here());

  /// Calls `visit(const LiveBuffer&)` for each watched buffer that has handles, the newest first:
  /// those of an age that no request has are leaks. `visit` must not use the pool.
  template <typename Visit>
  void for_each_watched(Visit&& visit) const {
    watch_.for_each(visit);
  }

  /// Gives memory that nobody uses back; see Arena::trim().
  std::size_t trim() noexcept { return arena_.trim(); }
  [[nodiscard]] ArenaStats stats() const noexcept { return arena_.stats(); }
  [[nodiscard]] const char* name() const noexcept { return arena_.name(); }

 private:
  friend class Buffer;
  friend class BufferChain;
  using Block = detail::BufferBlock;

  // For Buffer.
  [[nodiscard]] Block* try_replace(Block& block, std::size_t capacity, bool old_one_stays) noexcept;
  [[nodiscard]] std::size_t room_bytes(const Block& block) const noexcept {
    return arena_.usable_bytes(&block) - sizeof(Block);
  }
  [[nodiscard]] bool fits_in_place(Block& block, std::size_t capacity) noexcept {
    return arena_.try_resize(&block, sizeof(Block) + capacity);
  }
  void set_capacity(Block& block, std::size_t capacity) noexcept;
  void note_touch(Block& block, CallSite site) noexcept { watch_.touch(*block.record, site); }
  void give_back(Block& block) noexcept;

  [[nodiscard]] Block* try_new_block(std::size_t capacity, std::size_t capacity_max) noexcept;
  [[nodiscard]] bool is_next_watched() const noexcept;
  void watch(Block& block, CallSite birth) noexcept;

  Arena arena_;
  BufferPoolOptions options_;
  bool is_checking_;
  detail::LeakWatch watch_;
};

}  // namespace tarn
