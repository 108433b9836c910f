#include "tarn/c/ngx_chunks.hpp"

#include <new>

#include "tarn/base/check.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::ngx {
namespace {

constinit thread_local bool has_ended = false;

void end(void* slots) noexcept {
  has_ended = true;
  this_slots = nullptr;
  static_cast<Slots*>(slots)->wait_for_thread();
}

// A thread that cannot say when it ends, or has ended but for some destructors, takes Slots for one
// slot and leaves them to others.
void* acquire_first(std::size_t bytes) noexcept {
  Slots* const slots = Slots::try_take();
  if (slots == nullptr) return nullptr;
  void* const slot = slots->acquire(bytes);
  if (!has_ended && run_at_thread_exit(end, slots)) {
    this_slots = slots;
  } else {
    slots->wait_for_thread();
  }
  return slot;
}

class ChunkSource final : public Source {
 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    return alignment <= fundamental_alignment ? acquire_chunk(bytes)
                                              : heap_source().acquire(bytes, alignment);
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    if (alignment <= fundamental_alignment) return release_chunk(chunk, bytes);
    heap_source().release(chunk, bytes, alignment);
  }
};

constinit ChunkSource the_chunk_source;

}  // namespace

constinit thread_local Slots* this_slots = nullptr;

// ---- empty slabs --------------------------------------------------------------------------------

void* SlabStock::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  return newest_ != nullptr ? take() : default_slab_source().acquire(bytes, alignment);
}

void SlabStock::do_release(void* slab, std::size_t bytes, std::size_t alignment) noexcept {
  if (balance_ < 2 || count_ == count_max) {
    return default_slab_source().release(slab, bytes, alignment);
  }
  newest_ = new (slab) Empty{newest_};
  ++count_;
  balance_ -= 2;
}

SlabStock::Empty* SlabStock::take() noexcept {
  Empty* const slab = newest_;
  newest_ = slab->next;
  --count_;
  balance_ += 2;
  return slab;
}

void SlabStock::shrink() noexcept { default_slab_source().release(take(), slab_bytes, slab_bytes); }

void SlabStock::drain() noexcept {
  while (newest_ != nullptr) shrink();
}

// ---- slots --------------------------------------------------------------------------------------

constinit std::atomic<Slots*> Slots::newest_{nullptr};

Slots::Slots() noexcept : Slots(std::make_index_sequence<slot_class_count>{}) {}

template <std::size_t... index>
Slots::Slots(std::index_sequence<index...>) noexcept
    : slabs_{Slabs(slot_class_bytes(index), fundamental_alignment,
                   {.name = "nginx's pools",
                    .source = &stock_,
                    .slab_bytes = slab_bytes,
                    .capacity_min = slab_bytes / slot_bytes_max - 1,
                    .empty_bytes_max = 0,
                    .checking = Checking::off})...} {
  TARN_CHECK(static_cast<void*>(this) == slabs_,
             "nginx's slots: slabs_ is not at the beginning of Slots; make it the first member");
}

// `home` is slabs_[index] of the Slots that the slot is of, and slabs_ their beginning. Where no
// thread would take the slot back, the calling one does.
void Slots::send_home(Slabs& home, std::size_t index, void* slot) noexcept {
  auto& slots = *reinterpret_cast<Slots*>(&home - index);
  auto* const returned =
      new (slot) Returned{slots.shared_.returned.load(std::memory_order_relaxed), index};
  while (!slots.shared_.returned.compare_exchange_weak(
      returned->next, returned, std::memory_order_seq_cst, std::memory_order_relaxed)) {
  }
  if (slots.try_claim()) slots.wait_for_thread();
}

void Slots::take_back() noexcept {
  Returned* returned = shared_.returned.exchange(nullptr, std::memory_order_acquire);
  while (returned != nullptr) {
    Returned* const next = returned->next;
    const std::size_t index = returned->index;
    slabs_[index].deallocate(returned);
    if (is_connection(index)) stock_.close_connection();
    returned = next;
  }
}

// Again if a slot has come home that its sender could not take back, because we were at it.
void Slots::wait_for_thread() noexcept {
  do {
    take_back();
    for (Slabs& slabs : slabs_) slabs.trim();
    stock_.drain();
    shared_.has_thread.store(false, std::memory_order_seq_cst);
  } while (shared_.returned.load(std::memory_order_seq_cst) != nullptr && try_claim());
}

bool Slots::try_claim() noexcept {
  return !shared_.has_thread.load(std::memory_order_seq_cst) &&
         !shared_.has_thread.exchange(true, std::memory_order_seq_cst);
}

Slots* Slots::try_take() noexcept {
  Slots* slots = newest_.load(std::memory_order_acquire);
  while (slots != nullptr && !slots->try_claim()) slots = slots->shared_.older;
  return slots != nullptr ? slots : try_make();
}

Slots* Slots::try_make() noexcept {
  void* const memory = heap_source().acquire(sizeof(Slots), alignof(Slots));
  if (memory == nullptr) return nullptr;
  auto* const slots = new (memory) Slots;
  slots->shared_.older = newest_.load(std::memory_order_relaxed);
  while (!newest_.compare_exchange_weak(slots->shared_.older, slots, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
  return slots;
}

SlotsStats Slots::stats() const noexcept {
  SlotsStats sum;
  for (const Slabs& slabs : slabs_) {
    const SlabsStats stats = slabs.stats();
    sum.used_bytes += stats.used_count * slabs.shape().slot_bytes;
    sum.reserved_bytes += stats.reserved_bytes;
  }
  sum.reserved_bytes += stock_.count() * slab_bytes;
  return sum;
}

// ---- chunks -------------------------------------------------------------------------------------

void* acquire_chunk_slow(std::size_t bytes) noexcept {
  return bytes > slot_bytes_max ? heap_source().acquire(bytes, fundamental_alignment)
                                : acquire_first(bytes);
}

Source& chunk_source() noexcept { return the_chunk_source; }

}  // namespace tarn::ngx
