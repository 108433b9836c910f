#include "tarn/source/pmr_source.hpp"

#include "tarn/base/bits.hpp"

namespace tarn {

// The pool resources of libstdc++ 12 align only sizes that are a multiple of the alignment: 17
// bytes at 16 come from blocks of 24. Hence the rounding, here and on the way back.

void* PmrSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
#if defined(__cpp_exceptions)
  try {
    return resource_.allocate(align_up(bytes, alignment), alignment);
  } catch (...) {
    return nullptr;
  }
#else
  return resource_.allocate(align_up(bytes, alignment), alignment);
#endif
}

void PmrSource::do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  resource_.deallocate(chunk, align_up(bytes, alignment), alignment);
}

}  // namespace tarn
