// tarn/os/iovec.hpp - the system's own words for bytes in several places: readv, writev, sendmsg.
//
//     { base, length } { base, length } ...     at most iovec_count_max of them in one call
//
// Threads:    plain values.

#pragma once

#include <sys/uio.h>

#include <cstddef>

namespace tarn {

using IoVec = ::iovec;

/// Linux refuses a call with more (UIO_MAXIOV).
inline constexpr std::size_t iovec_count_max = 1024;

}  // namespace tarn
