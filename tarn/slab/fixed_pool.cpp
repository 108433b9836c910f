#include "tarn/slab/fixed_pool.hpp"

#include <algorithm>

#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"

namespace tarn {
namespace {

// Of fresh blocks, a page or half the room: the first costs the page anyway.
constexpr std::size_t fresh_bytes = 4096;

SlabsOptions slabs_options(const FixedPoolOptions& options) noexcept {
  return {.name = options.name,
          .source = options.source,
          .slab_bytes = options.slab_bytes,
          .capacity_min = options.capacity_min,
          // All there can be; where each block is a chunk, slabs keep none whatever is said here.
          .empty_bytes_max = SIZE_MAX / 2,
          .checking = options.checking};
}

std::size_t blocks_per_node(const SlabShape& shape, std::size_t most) noexcept {
  return std::clamp<std::size_t>(shape.stride_bytes / sizeof(void*), 1, most);
}

}  // namespace

FixedPool::FixedPool(std::size_t block_bytes, std::size_t alignment,
                     const FixedPoolOptions& options) noexcept
    : slabs_(block_bytes, alignment, slabs_options(options)),
      older_(blocks_per_node(slabs_.shape(), half_count_max)) {
  const std::size_t nodes_per_half = half_count_max / older_.blocks_per_node();
  if (slabs_.is_checking()) {
    vacant_ = this;
  } else {
    recent_limit_ += 2 * nodes_per_half * older_.blocks_per_node();
  }
}

void* FixedPool::try_allocate_slow() noexcept {
  if (slabs_.is_checking()) return slabs_.try_allocate();
  return refill() ? take_recent() : nullptr;
}

void* FixedPool::allocate_slow() {
  void* const block = try_allocate_slow();
  if (block == nullptr) out_of_memory(slabs_.shape().slot_bytes);
  return block;
}

void* FixedPool::deallocate_slow(void* block) noexcept {
  if (slabs_.is_checking()) {
    TARN_CHECK(block != nullptr,
               "fixed pool \"%s\": null is deallocated; give back what was allocated", name());
    slabs_.deallocate(block);
    return nullptr;
  }
  spill();
  put_recent(last_);
  return block;
}

// ---- recent blocks ------------------------------------------------------------------------------

bool FixedPool::refill() noexcept { return refill_from_older() || refill_from_slabs(); }

// Half, the node pushed last at the end, for it is the first to be used again.
bool FixedPool::refill_from_older() noexcept {
  void** const half = recent_ + half_count();
  void** begin = half;
  while (begin != recent_ && older_.try_pop(begin - older_.blocks_per_node())) {
    begin -= older_.blocks_per_node();
  }
  recent_end_ = std::copy(begin, half, recent_);
  return recent_end_ != recent_;
}

bool FixedPool::refill_from_slabs() noexcept {
  const std::size_t stride_bytes = std::max<std::size_t>(slabs_.shape().stride_bytes, 1);
  const std::size_t count = std::clamp<std::size_t>(fresh_bytes / stride_bytes, 1, half_count());
  recent_end_ += slabs_.try_allocate_some(recent_, count);
  std::reverse(recent_, recent_end_);  // to be handed out in the order of their addresses
  return recent_end_ != recent_;
}

void FixedPool::spill() noexcept {
  void** const half = recent_ + half_count();
  for (void** node = recent_; node != half; node += older_.blocks_per_node()) older_.push(node);
  recent_end_ = std::copy(half, recent_end_, recent_);
}

// ---- many blocks --------------------------------------------------------------------------------

std::size_t FixedPool::try_allocate_many(void** blocks, std::size_t count) noexcept {
  if (slabs_.is_checking()) return slabs_.try_allocate_many(blocks, count);
  std::size_t taken_count = 0;
  if (count != 0 && last_ != nullptr) blocks[taken_count++] = take_last();
  while (taken_count < count && (recent_end_ != recent_ || refill())) {
    const std::size_t some_count = std::min(count - taken_count, recent_count());
    std::reverse_copy(recent_end_ - some_count, recent_end_, blocks + taken_count);
    recent_end_ -= some_count;
    taken_count += some_count;
  }
  return taken_count;
}

void FixedPool::deallocate_many(void* const* blocks, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) deallocate(blocks[index]);
}

void FixedPool::trim() noexcept {
  slabs_.deallocate_many(&last_, last_count());
  last_ = nullptr;
  do {
    slabs_.deallocate_many(recent_, recent_count());
    recent_end_ = recent_;
  } while (refill_from_older());
  slabs_.trim();
}

SlabsStats FixedPool::stats() const noexcept {
  SlabsStats stats = slabs_.stats();
  const std::size_t free_count = last_count() + recent_count() + older_.block_count();
  stats.used_count -= free_count;
  stats.free_count += free_count;
  return stats;
}

}  // namespace tarn
