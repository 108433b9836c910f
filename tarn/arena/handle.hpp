// tarn/arena/handle.hpp - the number that says which node and slot of a chunk a block is.
//
//     63 62 61                          32 31                           0
//     +--+--+-----------------------------+-----------------------------+
//     | 0| 0|              0              |            node             |    run
//     +--+--+-----------------------------+-----------------------------+
//     | 0| 1|             slot            |        node of the page     |    slot of a subpage
//     +--+--+-----------------------------+-----------------------------+
//
// Bit 62 tells slot 0 of a page from the run of that page. A huge block has handle 0. The numbers
// are those of Netty 4.1's PoolChunk.
//
// Threads:    pure functions.

#pragma once

#include <cstdint>

namespace tarn::detail {

using Handle = std::uint64_t;

inline constexpr Handle huge_handle = 0;

[[nodiscard]] constexpr Handle run_handle(std::uint32_t node) noexcept { return node; }

[[nodiscard]] constexpr Handle slot_handle(std::uint32_t node, std::uint32_t slot) noexcept {
  return std::uint64_t{1} << 62 | std::uint64_t{slot} << 32 | node;
}

}  // namespace tarn::detail
