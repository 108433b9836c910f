// tarn/adapt/region_resource.hpp - a Region as a std::pmr::memory_resource.
//
//     RegionResource memory(region);
//     std::pmr::string name("...", &memory);
//
// Threads:    as the region.
// Failure:    allocate() throws std::bad_alloc.
// Lifetime:   the region and the resource outlive what uses them. Deallocation gives back what
//             Region::deallocate() can; the rest waits for the region.

#pragma once

#include <cstddef>
#include <memory_resource>

#include "tarn/region/region.hpp"

namespace tarn {

class RegionResource final : public std::pmr::memory_resource {
 public:
  explicit RegionResource(Region& region) noexcept : region_(&region) {}

  [[nodiscard]] Region& region() const noexcept { return *region_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return region_->allocate(bytes, alignment);
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    region_->deallocate(block, bytes);
  }

  // Equal means: may free each other's blocks. By identity, as the standard's own resources are;
  // comparing regions would need RTTI.
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Region* region_;
};

}  // namespace tarn
