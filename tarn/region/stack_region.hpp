// tarn/region/stack_region.hpp - a region with its first chunk inside itself.
//
//     StackRegion<4096> region;        on the stack, or a member of a connection
//     +--------+------------------------------------------+
//     | Region | first chunk: header, blocks, free        |  --> chunks of the source, if ever
//     +--------+------------------------------------------+
//
// Threads:    as Region.
// Failure:    as Region. A region whose blocks fit asks no source at all.
// Lifetime:   as Region; the first chunk lives as long as the object.

#pragma once

#include <cstddef>

#include "tarn/region/region.hpp"

namespace tarn {

namespace detail {

// A base before Region, so that it is there before the region begins and until it has ended.
template <std::size_t bytes>
struct FirstChunk {
  alignas(fundamental_alignment) std::byte first_chunk[bytes];
};

}  // namespace detail

template <std::size_t bytes>
class StackRegion : private detail::FirstChunk<bytes>, public Region {
  static_assert(bytes >= 64, "a first chunk below 64 bytes holds next to nothing");

 public:
  explicit StackRegion(const RegionOptions& options = {}) noexcept
      : Region(this->first_chunk, bytes, options) {}
};

}  // namespace tarn
