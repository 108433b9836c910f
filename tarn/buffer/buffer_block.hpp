// tarn/buffer/buffer_block.hpp - what lies in front of a buffer's bytes, and counts its handles.
//
//     one block of an arena
//     +--------------+------------------------------------------+--------+
//     | BufferBlock  | bytes: 0 ...                    capacity | unused |
//     +--------------+------------------------------------------+--------+
//
// In the same block as the bytes: one allocation makes a buffer, and the first bytes share a cache
// line with the header. The price is 32 bytes of each block.
//
// Threads:    handle_count is changed without an atomic operation while all handles are one
//             thread's, and with one after share_across_threads().
// Invariant:  handle_count handles name the block; the last one gives it back.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"

namespace tarn {

class BufferPool;

namespace detail {

struct BufferRecord;

// Why a block's handles are counted out of line. None of them: with a plain addition.
namespace care {
inline constexpr std::uint8_t atomic = 1;   // handles in several threads
inline constexpr std::uint8_t checked = 2;  // it is looked at which thread has them
}  // namespace care

struct alignas(16) BufferBlock {
  std::atomic<std::uint32_t> handle_count{0};
  std::uint32_t capacity = 0;      // the owner's: others do not look
  std::uint32_t capacity_max = 0;  // the same
  std::uint16_t thread_tag = 0;    // of the one thread that has several handles, when checked
  std::uint8_t care = 0;
  BufferPool* pool = nullptr;
  BufferRecord* record = nullptr;  // what the leak watch knows, if it watches this one

  [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};
static_assert(sizeof(BufferBlock) == 32);

// What an empty handle names, so that no call asks for null. Nobody writes to it.
inline constinit BufferBlock no_block{};

TARN_SLOW void add_handle_with_care(BufferBlock& block) noexcept;
[[nodiscard]] TARN_SLOW bool drop_handle_with_care(BufferBlock& block) noexcept;

// One thread's handles: a load and a store, no read-modify-write.
TARN_HOT void add_handle(BufferBlock& block) noexcept {
  if (block.care != 0) [[unlikely]]
    return add_handle_with_care(block);
  const std::uint32_t count = block.handle_count.load(std::memory_order_relaxed);
  block.handle_count.store(count + 1, std::memory_order_relaxed);
}

// Returns true for the last handle.
[[nodiscard]] TARN_HOT bool drop_handle(BufferBlock& block) noexcept {
  if (block.care != 0) [[unlikely]]
    return drop_handle_with_care(block);
  const std::uint32_t count = block.handle_count.load(std::memory_order_relaxed) - 1;
  block.handle_count.store(count, std::memory_order_relaxed);
  return count == 0;
}

}  // namespace detail
}  // namespace tarn
