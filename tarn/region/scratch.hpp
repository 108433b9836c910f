// tarn/region/scratch.hpp - memory of one function call, from a region that each thread keeps.
//
//     Scratch scratch;
//     char* line = static_cast<char*>(scratch->allocate(length, 1));   gone when scratch is
//
// Scopes nest: an inner Scratch gives back what it took and leaves the outer one's blocks alone.
//
// Threads:    each has its own region, made at its first use and gone with the thread.
// Failure:    as Region.
// Lifetime:   until the Scratch ends. Between uses a thread keeps at most scratch_retained_bytes.

#pragma once

#include <cstddef>

#include "tarn/region/region.hpp"
#include "tarn/region/scope.hpp"

namespace tarn {

/// What a thread's scratch region keeps when the outermost Scratch ends: enough for a chain of
/// chunks up to 64 KiB (16 + 32 + 64), so that a steady use asks for nothing.
inline constexpr std::size_t scratch_retained_bytes = std::size_t{128} * 1024;

class [[nodiscard]] Scratch {
 public:
  Scratch() noexcept;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// The calling thread's scratch region. Use it while this Scratch lives.
  [[nodiscard]] Region& region() const noexcept { return region_; }
  Region* operator->() const noexcept { return &region_; }
  Region& operator*() const noexcept { return region_; }

 private:
  Region& region_;
  Region::Mark mark_;
};

}  // namespace tarn
