#include "tarn/buffer/buffer_pool.hpp"

#include <algorithm>
#include <cstdio>
#include <new>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/sanitizer.hpp"

namespace tarn {
namespace {

bool is_checking(Checking checking) noexcept {
  return (checking == Checking::automatic ? automatic_checking() : checking) != Checking::off;
}

}  // namespace

void BufferPoolOptions::print_leak(const LiveBuffer& buffer, void*) noexcept {
  std::fprintf(stderr, "tarn: a buffer of %zu bytes, allocated at %s:%d, still has handles",
               buffer.capacity, buffer.birth.file, buffer.birth.line);
  const char* before = "; last used at";
  for (const CallSite& site : buffer.touches) {
    std::fprintf(stderr, "%s %s:%d", before, site.file, site.line);
    before = ", then at";
  }
  std::fprintf(stderr, "\n");
}

BufferPool::BufferPool(const BufferPoolOptions& options)
    : arena_(options.arena), options_(options), is_checking_(is_checking(options.arena.checking)) {}

BufferPool::~BufferPool() {
  for_each_watched(
      [this](const LiveBuffer& buffer) { options_.report_leak(buffer, options_.context); });
}

Buffer BufferPool::try_allocate(std::size_t capacity, std::size_t capacity_max,
                                CallSite site) noexcept {
  capacity_max = std::min(capacity_max, buffer_capacity_max);
  if (capacity > capacity_max) return {};
  Block* const block = try_new_block(capacity, capacity_max);
  if (block == nullptr) return {};
  if (is_next_watched()) [[unlikely]]
    watch(*block, site);
  return {block, 0, 0, false};
}

Buffer BufferPool::allocate(std::size_t capacity, std::size_t capacity_max, CallSite site) {
  capacity_max = std::min(capacity_max, buffer_capacity_max);
  if (capacity > capacity_max) {
    detail::fail_too_long("BufferPool::allocate", capacity, capacity_max, "capacity_max");
  }
  Buffer buffer = try_allocate(capacity, capacity_max, site);
  if (!buffer) [[unlikely]]
    out_of_memory(sizeof(Block) + capacity);
  return buffer;
}

BufferPool::Block* BufferPool::try_new_block(std::size_t capacity,
                                             std::size_t capacity_max) noexcept {
  void* const memory = arena_.try_allocate(sizeof(Block) + capacity);
  if (memory == nullptr) [[unlikely]]
    return nullptr;
  auto* const block = ::new (memory) Block;
  block->handle_count.store(1, std::memory_order_relaxed);
  block->capacity = static_cast<std::uint32_t>(capacity);
  block->capacity_max = static_cast<std::uint32_t>(capacity_max);
  block->pool = this;
  if (is_checking_) [[unlikely]] {
    block->care = detail::care::checked;
    poison(block->bytes() + capacity, room_bytes(*block) - capacity);
  }
  return block;
}

// The other handles of a shared block keep it, and what is known about it.
BufferPool::Block* BufferPool::try_replace(Block& block, std::size_t capacity,
                                           bool old_one_stays) noexcept {
  Block* const other = try_new_block(capacity, block.capacity_max);
  if (other == nullptr) return nullptr;
  other->care |= block.care & detail::care::atomic;
  if (block.record == nullptr) return other;
  if (!old_one_stays) {
    watch_.move(block, *other);
    return other;
  }
  watch(*other, block.record->birth);
  if (other->record != nullptr) watch_.inherit(*block.record, *other->record);
  return other;
}

void BufferPool::set_capacity(Block& block, std::size_t capacity) noexcept {
  const std::size_t before = block.capacity;
  block.capacity = static_cast<std::uint32_t>(capacity);
  if (block.record != nullptr) [[unlikely]]
    watch_.note_capacity(block);
  if (!is_checking_) [[likely]]
    return;
  if (capacity > before) unpoison(block.bytes() + before, capacity - before);
  poison(block.bytes() + capacity, room_bytes(block) - capacity);
}

// With its size, which lies in a line that the count has just touched, an arena looks nothing up.
void BufferPool::give_back(Block& block) noexcept {
  if (block.record != nullptr) [[unlikely]] {
    watch_.end(*block.record);
    arena_.deallocate(block.record, sizeof(detail::BufferRecord), alignof(detail::BufferRecord));
  }
  if (is_checking_) [[unlikely]]
    unpoison(block.bytes() + block.capacity, room_bytes(block) - block.capacity);
  arena_.deallocate(&block, sizeof(Block) + block.capacity, alignof(Block));
}

bool BufferPool::is_next_watched() const noexcept {
  if (options_.leak_detection == LeakDetection::sampled) return detail::is_next_sampled();
  return options_.leak_detection == LeakDetection::all;
}

void BufferPool::watch(Block& block, CallSite birth) noexcept {
  void* const memory = arena_.try_allocate(sizeof(detail::BufferRecord));
  if (memory == nullptr) return;
  watch_.begin(*::new (memory) detail::BufferRecord, block, birth);
}

}  // namespace tarn
