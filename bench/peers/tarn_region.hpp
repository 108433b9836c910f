// bench/peers/tarn_region.hpp - tarn::Region as it comes, without an option set.

#pragma once

#include "bench/peer.hpp"
#include "tarn/region/region.hpp"

namespace tarn::bench {

class TarnRegion {
 public:
  static constexpr const char* name = "tarn";

  void* allocate(std::size_t bytes) { return region_.allocate(bytes); }
  void reset() { region_.reset(); }
  void deallocate_large(void* block) { region_.deallocate_large(block); }

 private:
  Region region_;
};

static_assert(ResettablePeer<TarnRegion> && FreeingPeer<TarnRegion>);

}  // namespace tarn::bench
