// tarn/region/scope.hpp - a part of a region's life that ends with a C++ scope.
//
//     | older blocks | blocks of the scope | free        before the end of the scope
//     | older blocks | free                              after it
//
// Threads:    as the region.
// Failure:    none.
// Lifetime:   what was begun in the scope ends with it, as Region::rewind() says; scopes nest.

#pragma once

#include "tarn/region/region.hpp"

namespace tarn {

class [[nodiscard]] RegionScope {
 public:
  explicit RegionScope(Region& region) noexcept : region_(region), mark_(region.mark()) {}
  ~RegionScope() { region_.rewind(mark_); }

  RegionScope(const RegionScope&) = delete;
  RegionScope& operator=(const RegionScope&) = delete;

 private:
  Region& region_;
  Region::Mark mark_;
};

}  // namespace tarn
