#include "tarn/buffer/buffer_block.hpp"

#include "tarn/base/check.hpp"
#include "tarn/os/thread.hpp"

namespace tarn::detail {
namespace {

// Threads alive differ by their address; of two, one in 65536 has the same tag and is overlooked.
std::uint16_t this_thread_tag() noexcept {
  constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15;
  return static_cast<std::uint16_t>((this_thread_identity() * golden_ratio) >> 48);
}

// While a block has one handle it may change threads; from the second on it may not.
void check_thread(BufferBlock& block, std::uint32_t handle_count) noexcept {
  const bool one_thread = (block.care & (care::checked | care::atomic)) == care::checked;
  if (!one_thread) return;
  if (handle_count == 1) block.thread_tag = this_thread_tag();
  TARN_CHECK(block.thread_tag == this_thread_tag(),
             "buffer %p has %u handles and a second thread uses one; call share_across_threads() "
             "before it gets one",
             static_cast<void*>(block.bytes()), handle_count);
}

}  // namespace

void add_handle_with_care(BufferBlock& block) noexcept {
  check_thread(block, block.handle_count.load(std::memory_order_relaxed));
  if ((block.care & care::atomic) != 0) {
    // A handle is made from one that is there: nothing has to be ordered.
    block.handle_count.fetch_add(1, std::memory_order_relaxed);
  } else {
    const std::uint32_t count = block.handle_count.load(std::memory_order_relaxed);
    block.handle_count.store(count + 1, std::memory_order_relaxed);
  }
}

bool drop_handle_with_care(BufferBlock& block) noexcept {
  // Acquire pairs with the release below: what other threads did with the bytes lies before the
  // block goes back. The only handle left is this one, so nobody can add to a count of one.
  const std::uint32_t count = block.handle_count.load(std::memory_order_acquire);
  TARN_CHECK(count != 0, "buffer %p is released a second time", static_cast<void*>(block.bytes()));
  if (count == 1) {
    block.handle_count.store(0, std::memory_order_relaxed);
    return true;
  }
  check_thread(block, count);
  if ((block.care & care::atomic) != 0) {
    return block.handle_count.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  block.handle_count.store(count - 1, std::memory_order_relaxed);
  return false;
}

}  // namespace tarn::detail
