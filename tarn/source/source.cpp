#include "tarn/source/source.hpp"

#include <algorithm>
#include <cstdint>

#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"

namespace tarn {

void* Source::acquire(std::size_t bytes, std::size_t alignment) noexcept {
  TARN_CHECK(bytes != 0, "Source::acquire: 0 bytes asked for; a chunk has at least one");
  TARN_CHECK(is_power_of_two(alignment), "Source::acquire: alignment %zu is not a power of two",
             alignment);
  alignment = std::max(alignment, fundamental_alignment);
  // No object is larger than half the address space. Refused here, such sizes reach no source,
  // and none of them can wrap when it adds a header or rounds up.
  constexpr std::size_t bytes_max = PTRDIFF_MAX;
  if (alignment > bytes_max || bytes > bytes_max - alignment) return nullptr;
  return do_acquire(bytes, alignment);
}

void Source::release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  TARN_CHECK(chunk != nullptr, "Source::release: a null chunk; only what acquire() gave goes back");
  TARN_CHECK(bytes != 0, "Source::release: chunk %p with 0 bytes; pass the acquired size", chunk);
  TARN_CHECK(is_power_of_two(alignment),
             "Source::release: alignment %zu of chunk %p is not a power of two", alignment, chunk);
  do_release(chunk, bytes, std::max(alignment, fundamental_alignment));
}

}  // namespace tarn
