// tarn/buffer/hex_dump.hpp - bytes as people read them.
//
//     00000000  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|
//     00000010  0a                                                |.|
//
// Threads:    pure.
// Failure:    std::bad_alloc.

#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tarn {

/// Returns a line for each sixteen bytes: the index of the first, the bytes, and those of them that
/// are printable ASCII.
[[nodiscard]] std::string hex_dump(std::span<const std::byte> bytes);

}  // namespace tarn
