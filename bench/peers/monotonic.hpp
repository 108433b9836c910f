// bench/peers/monotonic.hpp - std::pmr::monotonic_buffer_resource, with and without a first buffer
// of its own. Called on the object, not through memory_resource, so that the compiler may
// devirtualise.

#pragma once

#include <memory_resource>

#include "bench/peer.hpp"

namespace tarn::bench {

template <std::size_t buffer_bytes>
class Monotonic {
 public:
  static constexpr const char* name = buffer_bytes == 4096 ? "pmr 4K buffer" : "pmr 64K buffer";

  void* allocate(std::size_t bytes) { return resource_.allocate(bytes); }
  void reset() { resource_.release(); }

 private:
  // Static, as a request's buffer that is there already would be.
  alignas(16) static inline std::byte buffer_[buffer_bytes];
  std::pmr::monotonic_buffer_resource resource_{buffer_, buffer_bytes};
};

template <>
class Monotonic<0> {
 public:
  static constexpr const char* name = "pmr";

  void* allocate(std::size_t bytes) { return resource_.allocate(bytes); }
  void reset() { resource_.release(); }

 private:
  std::pmr::monotonic_buffer_resource resource_;
};

static_assert(ResettablePeer<Monotonic<0>> && ResettablePeer<Monotonic<4096>>);

}  // namespace tarn::bench
