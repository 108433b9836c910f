#include "tarn/slab/stack_pool.hpp"

namespace tarn {

FixedPoolOptions detail::stack_pool_options(const char* name, Checking checking, Source& source,
                                            std::size_t slab_bytes) noexcept {
  if (checking == Checking::automatic) checking = automatic_checking();
  if (checking == Checking::passthrough) checking = Checking::guarded;
  return {.name = name, .source = &source, .slab_bytes = slab_bytes, .checking = checking};
}

}  // namespace tarn
