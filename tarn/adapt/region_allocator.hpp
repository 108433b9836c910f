// tarn/adapt/region_allocator.hpp - a standard allocator over a Region, for containers of any kind.
//
//     std::vector<int, RegionAllocator<int>> numbers{RegionAllocator<int>(region)};
//
// What a container deallocates comes back at once if it is the newest block or a large one, so a
// growing vector does not leave its large old selves behind; the rest waits for the region.
//
// Threads:    as the region.
// Failure:    allocate() throws std::bad_alloc; sizes that overflow are refused the same way.
// Lifetime:   the region outlives the container. Containers that are move-assigned or swapped
//             take their allocator along, as std::pmr's do not.

#pragma once

#include <cstddef>
#include <type_traits>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/region/region.hpp"

namespace tarn {

template <typename T>
class RegionAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using is_always_equal = std::false_type;

  RegionAllocator(Region& region) noexcept : region_(&region) {}  // NOLINT(*-explicit-*)
  template <typename U>
  RegionAllocator(const RegionAllocator<U>& other) noexcept  // NOLINT(*-explicit-*)
      : region_(&other.region()) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) out_of_memory(SIZE_MAX);
    return static_cast<T*>(region_->allocate(count * sizeof(T), alignof(T)));
  }

  void deallocate(T* block, std::size_t count) noexcept {
    region_->deallocate(block, count * sizeof(T));
  }

  [[nodiscard]] Region& region() const noexcept { return *region_; }

  template <typename U>
  bool operator==(const RegionAllocator<U>& other) const noexcept {
    return region_ == &other.region();
  }

 private:
  Region* region_;
};

}  // namespace tarn
