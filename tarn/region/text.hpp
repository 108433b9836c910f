// tarn/region/text.hpp - strings that live in a Region.
//
// Beside region.hpp because <string_view> costs a translation unit 0.07 s; all of region.hpp, 0.02.
//
// Threads:    as the region.
// Failure:    try_x() returns a view whose data() is null, x() throws std::bad_alloc; the region is
//             as it was.
// Lifetime:   as any block of the region. A '\0' that is not counted follows every result.

#pragma once

#include <cstdarg>
#include <string_view>

#include "tarn/region/region.hpp"

namespace tarn {

/// Returns a copy of `text`.
[[nodiscard]] std::string_view copy(Region& region, std::string_view text);
[[nodiscard]] std::string_view try_copy(Region& region, std::string_view text) noexcept;

/// Returns what printf would print. The text is written straight into the region's newest chunk if
/// it fits there, so the arguments are looked at once; otherwise twice. What the C library can not
/// print (a wide character the locale lacks) counts as refused.
[[nodiscard, gnu::format(printf, 2, 3)]] std::string_view format(Region& region, const char* format,
                                                                 ...);
[[nodiscard, gnu::format(printf, 2, 3)]] std::string_view try_format(Region& region,
                                                                     const char* format,
                                                                     ...) noexcept;

/// As format(), for a caller that has the arguments as a va_list.
[[nodiscard, gnu::format(printf, 2, 0)]] std::string_view try_format_list(
    Region& region, const char* format, std::va_list arguments) noexcept;

}  // namespace tarn
