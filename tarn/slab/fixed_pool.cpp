#include "tarn/slab/fixed_pool.hpp"

#include <algorithm>

#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"

namespace tarn {
namespace {

// What one refill takes: of small slots a page, which the first of them costs anyway.
constexpr std::size_t refill_bytes = 4096;
constexpr std::size_t refill_count_max = 32;

SlabsOptions slabs_options(const FixedPoolOptions& options) noexcept {
  return {.name = options.name,
          .source = options.source,
          .slab_bytes = options.slab_bytes,
          .capacity_min = options.capacity_min,
          // All there can be; where each block is a chunk, slabs keep none whatever is said here.
          .empty_bytes_max = SIZE_MAX / 2,
          .checking = options.checking};
}

}  // namespace

FixedPool::FixedPool(std::size_t block_bytes, std::size_t alignment,
                     const FixedPoolOptions& options) noexcept
    : slabs_(block_bytes, alignment, slabs_options(options)) {
  if (slabs_.is_checking()) freed_ = closed();
}

void* FixedPool::try_allocate_slow() noexcept {
  if (freed_ == closed()) return slabs_.try_allocate();
  void* slots[refill_count_max];
  const std::size_t wanted_count =
      refill_bytes / std::max<std::size_t>(slabs_.shape().stride_bytes, 1);
  const std::size_t count =
      slabs_.try_allocate_some(slots, std::clamp<std::size_t>(wanted_count, 1, refill_count_max));
  if (count == 0) return nullptr;
  // Onto the list from the last to the first, to be handed out in the order of their addresses.
  for (std::size_t index = count; index-- > 1;) deallocate(slots[index]);
  return slots[0];
}

void FixedPool::deallocate_slow(void* block) noexcept {
  TARN_CHECK(block != nullptr,
             "fixed pool \"%s\": null is deallocated; give back what was allocated", name());
  slabs_.deallocate(block);
}

void* FixedPool::allocate_slow() {
  void* const block = try_allocate_slow();
  if (block == nullptr) out_of_memory(slabs_.shape().slot_bytes);
  return block;
}

std::size_t FixedPool::try_allocate_many(void** blocks, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) {
    blocks[index] = try_allocate();
    if (blocks[index] == nullptr) return index;
  }
  return count;
}

void FixedPool::deallocate_many(void* const* blocks, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) deallocate(blocks[index]);
}

void FixedPool::trim() noexcept {
  if (freed_ != closed()) {
    while (freed_ != nullptr) {
      detail::FreeSlot* const slot = freed_;
      freed_ = slot->next;
      slabs_.deallocate(slot);
    }
  }
  slabs_.trim();
}

SlabsStats FixedPool::stats() const noexcept {
  SlabsStats stats = slabs_.stats();
  if (freed_ == closed()) return stats;
  for (const detail::FreeSlot* slot = freed_; slot != nullptr; slot = slot->next) {
    --stats.used_count;
    ++stats.free_count;
  }
  return stats;
}

}  // namespace tarn
