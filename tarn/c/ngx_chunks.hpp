// tarn/c/ngx_chunks.hpp - where the chunks of nginx's pools come from.
//
//     up to 8 KiB:  a slot of this thread's slabs      128 B   | slot | slot | slot | free | ...
//                   of 32 KiB, in 13 sizes             192 B   | slot | free | ...
//                                                      ...     8 KiB
//     larger:       malloc
//
// Slabs are pages straight from the system. In malloc's heap one pool that lives long keeps all
// that lies below it; in slabs it keeps one slab, and 512 bytes do not cost 528.
//
// A pool may end on another thread than it began on. Its slots go home to the slabs they are of:
//
//     thread 1  --> its Slots <-- slot <-- slot <-- slot     pushed by any thread, and taken, all
//     thread 2  --> its Slots                                at once, by the thread they are of
//     one ended --> Slots waiting for the next thread that begins: whoever pushes takes all back
//                   at once, and what is empty goes to the system
//
// Threads:    any, without a lock; after a fork the child goes on with the Slots of the thread
//             that forked.
// Failure:    nullptr when the system or malloc has no more.
// Lifetime:   Slots are never destroyed, so that slots can always come home.

#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/slab/slabs.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/source.hpp"

namespace tarn::ngx {

inline constexpr std::size_t slot_bytes_min = 128;
inline constexpr std::size_t slot_bytes_max = 8192;
inline constexpr std::size_t slab_bytes = 32768;

struct SlotClass {
  std::size_t index;
  std::size_t bytes;
};

/// Returns the smallest class of at least `bytes` bytes; there are two to each doubling.
/// Requires: 0 < `bytes` <= slot_bytes_max.
[[nodiscard]] constexpr SlotClass slot_class_of(std::size_t bytes) noexcept {
  // Of the last byte's offset, the highest bit says which doubling and the next which half of it.
  const std::size_t last = (bytes < slot_bytes_min ? slot_bytes_min : bytes) - 1;
  const auto shift = std::size_t{62} - static_cast<std::size_t>(std::countl_zero(last));
  const std::size_t half = last >> shift;  // 2 or 3
  return {2 * shift + half - 13, (half + 1) << shift};
}

/// Returns the bytes of class `index`.
[[nodiscard]] constexpr std::size_t slot_class_bytes(std::size_t index) noexcept {
  return (4 - index % 2) << ((index + 11) / 2);
}

inline constexpr std::size_t slot_class_count = slot_class_of(slot_bytes_max).index + 1;
static_assert(slot_class_bytes(0) == slot_bytes_min && slot_class_of(1).index == 0);
static_assert(slot_class_bytes(slot_class_count - 1) == slot_bytes_max);

/// Empty slabs of one thread, for whichever size needs one next. A load that swings needs some a
/// thousand times a second, and each that went to the system and came again would cost it 10 us:
/// one stays, and for each open connection half of one, about what a request to a proxy takes.
class SlabStock final : public Source {
 public:
  TARN_HOT void open_connection() noexcept { ++balance_; }
  TARN_HOT void close_connection() noexcept {
    if (--balance_ < 0) [[unlikely]]
      shrink();
  }

  /// Gives all slabs back.
  void drain() noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  struct Empty {
    Empty* next;
  };

  static constexpr std::size_t count_max = 32;  // 1 MiB

  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* slab, std::size_t bytes, std::size_t alignment) noexcept override;
  TARN_SLOW void shrink() noexcept;
  [[nodiscard]] Empty* take() noexcept;

  Empty* newest_ = nullptr;
  std::size_t count_ = 0;
  std::ptrdiff_t balance_ = 2;  // 2, and 1 for each connection, less 2 for each slab
};

/// What the slabs of one thread hold.
struct SlotsStats {
  std::size_t used_bytes = 0;      // of slots that pools have
  std::size_t reserved_bytes = 0;  // from the system
};

/// The slabs of one thread, one for each class.
class Slots {
 public:
  Slots() noexcept;

  [[nodiscard]] TARN_HOT void* acquire(std::size_t bytes) noexcept {
    if (shared_.returned.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
      take_back();
    const std::size_t index = slot_class_of(bytes).index;
    void* const slot = slabs_[index].try_allocate();
    if (slot != nullptr && is_connection(index)) stock_.open_connection();
    return slot;
  }

  /// Takes a slot back, or sends it home if it is of another thread's. `slots` may be null.
  TARN_HOT static void release(Slots* slots, void* slot, std::size_t bytes) noexcept {
    const std::size_t index = slot_class_of(bytes).index;
    Slabs& home = Slabs::owner_of(slot, slab_bytes);
    if (slots == nullptr || &home != &slots->slabs_[index]) [[unlikely]]
      return send_home(home, index, slot);
    home.deallocate(slot);
    if (is_connection(index)) slots->stock_.close_connection();
  }

  /// Takes back what other threads have sent home.
  TARN_COLD void take_back() noexcept;

  /// Returns Slots for one thread to use: some that wait, or new ones; nullptr if malloc refuses.
  /// There are at most two for each thread there was at one time: its own, and such as it just
  /// sends a slot home to. O(threads).
  [[nodiscard]] static Slots* try_take() noexcept;
  /// Ends the use by one thread and waits for another, empty slabs given back to the system.
  void wait_for_thread() noexcept;

  /// O(slabs).
  [[nodiscard]] SlotsStats stats() const noexcept;

 private:
  // What a slot holds on its way home.
  struct Returned {
    Returned* next;
    std::size_t index;
  };
  static_assert(sizeof(Returned) <= slot_bytes_min);

  // What others write, in a cache line of its own.
  struct alignas(64) Shared {
    // A push releases what the slot holds; take_back(), which takes all at once, acquires it.
    std::atomic<Returned*> returned{nullptr};
    // False releases the slabs to the next that claims them. Who pushes then looks at has_thread,
    // and who ends a use then looks at returned: in the one order of both (seq_cst) one of the two
    // sees the other, and no slot is left lying.
    std::atomic<bool> has_thread{true};
    Slots* older = nullptr;
  };

  // A client's connection has 512 bytes unless nginx is told another size, and for each request a
  // buffer of 1 KiB. One to a backend has 128; a request's pool, and what else it needs, 4 KiB.
  static constexpr bool is_connection(std::size_t index) noexcept {
    return index >= slot_class_of(256).index && index < slot_class_of(2048).index;
  }

  template <std::size_t... index>
  explicit Slots(std::index_sequence<index...>) noexcept;

  TARN_COLD static void send_home(Slabs& home, std::size_t index, void* slot) noexcept;
  [[nodiscard]] static Slots* try_make() noexcept;
  [[nodiscard]] bool try_claim() noexcept;

  Slabs slabs_[slot_class_count];  // first: see send_home()
  SlabStock stock_;
  Shared shared_;

  // All that were ever made. try_make() releases what older leads to; try_take() acquires it.
  static constinit std::atomic<Slots*> newest_;
};

/// The calling thread's; null before its first chunk and after its last.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Slots* this_slots;

/// As acquire_chunk() where the fast way does not lead: a large chunk, or a thread's first.
[[nodiscard]] TARN_SLOW void* acquire_chunk_slow(std::size_t bytes) noexcept;

/// Returns a chunk of `bytes` bytes, aligned to 16.
[[nodiscard]] TARN_HOT void* acquire_chunk(std::size_t bytes) noexcept {
  Slots* const slots = this_slots;
  if (bytes > slot_bytes_max || slots == nullptr) [[unlikely]]
    return acquire_chunk_slow(bytes);
  return slots->acquire(bytes);
}

/// Takes a chunk back; `bytes` is what it was acquired with.
TARN_HOT void release_chunk(void* chunk, std::size_t bytes) noexcept {
  if (bytes > slot_bytes_max) [[unlikely]]
    return heap_source().release(chunk, bytes, fundamental_alignment);
  Slots::release(this_slots, chunk, bytes);
}

/// Returns how many bytes a chunk acquired for `bytes` bytes has: all may be used, and whatever is
/// passed to release_chunk() may be this or that. Wraps for no size that a pool allows.
[[nodiscard]] constexpr std::size_t whole_chunk_bytes(std::size_t bytes) noexcept {
  return bytes <= slot_bytes_max ? slot_class_of(bytes).bytes
                                 : align_up(bytes, fundamental_alignment);
}

/// The same two as a source, for the Region of a pool of many large blocks.
[[nodiscard]] Source& chunk_source() noexcept;

}  // namespace tarn::ngx
