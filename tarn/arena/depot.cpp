#include "tarn/arena/depot.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "tarn/source/heap_source.hpp"

namespace tarn::detail {
namespace {

std::size_t batch_bytes(std::size_t count) noexcept {
  return sizeof(Batch) + count * sizeof(void*);
}

OwnedBatch new_batch(std::span<void* const> blocks) noexcept {
  void* const memory = heap_source().acquire(batch_bytes(blocks.size()), alignof(Batch));
  if (memory == nullptr) return nullptr;
  OwnedBatch batch(::new (memory) Batch{nullptr, blocks.size()});
  std::copy(blocks.begin(), blocks.end(), batch->blocks().begin());
  return batch;
}

}  // namespace

void ReleaseBatch::operator()(Batch* batch) const noexcept {
  heap_source().release(batch, batch_bytes(batch->count), alignof(Batch));
}

BatchDepot::~BatchDepot() {
  empty([](std::span<void*>) {});
}

OwnedBatch BatchDepot::take(unsigned size_class) noexcept {
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  Batch* const batch = shelf.newest;
  if (batch == nullptr) return nullptr;
  shelf.newest = batch->next;
  shelf.count -= 1;
  shelf.block_count -= batch->count;
  shelf.unneeded_count = std::min(shelf.unneeded_count, shelf.count);
  return OwnedBatch(batch);
}

bool BatchDepot::put(unsigned size_class, std::span<void* const> blocks,
                     std::size_t block_count_max) noexcept {
  OwnedBatch batch = new_batch(blocks);
  if (batch == nullptr) return false;
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  if (shelf.block_count + blocks.size() > block_count_max) return false;
  batch->next = shelf.newest;
  shelf.newest = batch.release();
  shelf.count += 1;
  shelf.block_count += blocks.size();
  return true;
}

// The oldest, which nobody reached: batches come and go at the other end.
Batch* BatchDepot::take_unneeded(unsigned size_class) noexcept {
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  shelf.count -= shelf.unneeded_count;
  shelf.unneeded_count = shelf.count;
  Batch** end = &shelf.newest;
  shelf.block_count = 0;
  for (std::size_t index = 0; index < shelf.count; ++index) {
    shelf.block_count += (*end)->count;
    end = &(*end)->next;
  }
  return std::exchange(*end, nullptr);
}

std::size_t BatchDepot::block_count(unsigned size_class) const noexcept {
  const Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  return shelf.block_count;
}

void BatchDepot::lock_all() noexcept {
  for (Shelf& shelf : shelves_) shelf.mutex.lock();
}

void BatchDepot::unlock_all() noexcept {
  for (Shelf& shelf : shelves_) shelf.mutex.unlock();
}

}  // namespace tarn::detail
