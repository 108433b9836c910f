#include "tarn/replay/worlds.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tarn/base/bits.hpp"
#include "tarn/os/heap.hpp"

namespace tarn::replay {

Region* RegionWorld::create(Region* parent, std::size_t limit_bytes) noexcept {
  RegionOptions options = options_;
  options.reserved_bytes_max = std::min(options.reserved_bytes_max, limit_bytes);
  if (parent != nullptr) return new (std::nothrow) Region(*parent, options);
  return new (std::nothrow) Region(options);
}

void RegionWorld::destroy(Region* region) noexcept { delete region; }

void* MallocPool::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= fundamental_alignment) return std::malloc(std::max<std::size_t>(bytes, 1));
  std::size_t rounded_bytes = 0;
  if (!align_up_checked(std::max<std::size_t>(bytes, 1), alignment, rounded_bytes)) return nullptr;
  return std::aligned_alloc(alignment, rounded_bytes);
}

void* MallocPool::try_allocate_zeroed(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= fundamental_alignment) return std::calloc(std::max<std::size_t>(bytes, 1), 1);
  void* block = try_allocate(bytes, alignment);
  if (block != nullptr) std::memset(block, 0, bytes);
  return block;
}

void* MallocPool::try_reallocate(void* block, std::size_t, std::size_t new_bytes) noexcept {
  return std::realloc(block, std::max<std::size_t>(new_bytes, 1));
}

std::size_t MallocPool::usable_bytes(const void* block) const noexcept {
  return usable_heap_bytes(block);
}

void MallocPool::deallocate(void* block, std::size_t) noexcept { std::free(block); }

void* ResourcePool::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  std::size_t rounded_bytes = 0;
  if (!align_up_checked(bytes, alignment, rounded_bytes)) return nullptr;
#if defined(__cpp_exceptions)
  try {
    return resource_->allocate(rounded_bytes, alignment);
  } catch (...) {
    return nullptr;
  }
#else
  return resource_->allocate(rounded_bytes, alignment);
#endif
}

void ResourcePool::deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
  resource_->deallocate(block, align_up(bytes, alignment), alignment);
}

}  // namespace tarn::replay
