// The C family. Each hook calls the allocator that the program would have without us, and notes
// what it got: a block that begins, after that call; one that ends, before it.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "tarn/base/bits.hpp"
#include "tarn/record/preload/hooks.hpp"

namespace tarn::record {
namespace {

TARN_HOT void* move_out_of_bootstrap(void* block, std::size_t bytes, HookFrame frame) noexcept {
  void* const moved = allocate<RawKind::allocate>(0, bytes, frame, next.malloc, bytes);
  if (moved != nullptr) copy_out_of_bootstrap(moved, block, bytes);
  return moved;
}

// A reallocation that the allocator answers with null has failed, or, to 0 bytes, freed the block.
TARN_HOT void* reallocate(void* block, std::size_t bytes, HookFrame frame) noexcept {
  if (is_bootstrap(block)) return move_out_of_bootstrap(block, bytes, frame);
  if (block == nullptr) return allocate<RawKind::allocate>(0, bytes, frame, next.malloc, bytes);
  ThreadLog* const log = begin_event();
  if (log == nullptr) return next.realloc(block, bytes);
  log->append(RawKind::reallocate_begin, log->after(), block, 0, frame);
  void* const moved = next.realloc(block, bytes);
  log->append(RawKind::reallocate_end, log->after(), moved,
              std::min<std::uint64_t>(bytes, bytes_mask), frame);
  end_event();
  return moved;
}

// A handler of a signal that comes meanwhile would wait for the lock that its own thread holds.
TARN_COLD void forget_rules_unwatched() noexcept {
  const bool was_inside = std::exchange(this_thread.is_inside, true);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  forget_rules();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  this_thread.is_inside = was_inside;
}

}  // namespace
}  // namespace tarn::record

using namespace tarn::record;

extern "C" {

TARN_HOOK void* malloc(std::size_t bytes) {
  return allocate<RawKind::allocate>(0, bytes, HookFrame::here(), next.malloc, bytes);
}

TARN_HOOK void* calloc(std::size_t count, std::size_t bytes) {
  return allocate<RawKind::allocate_zeroed>(0, count * bytes, HookFrame::here(), next.calloc, count,
                                            bytes);
}

TARN_HOOK void free(void* block) { deallocate(block, HookFrame::here()); }

TARN_HOOK void* realloc(void* block, std::size_t bytes) {
  return reallocate(block, bytes, HookFrame::here());
}

// Not the allocator's: that of the C library calls realloc(), ours, and would be noted twice.
TARN_HOOK void* reallocarray(void* block, std::size_t count, std::size_t bytes) {
  std::size_t all_bytes = 0;
  if (!tarn::multiply_checked(count, bytes, all_bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return reallocate(block, all_bytes, HookFrame::here());
}

TARN_HOOK void free_sized(void* block, std::size_t) { deallocate(block, HookFrame::here()); }

TARN_HOOK void free_aligned_sized(void* block, std::size_t, std::size_t) {
  deallocate(block, HookFrame::here());
}

TARN_HOOK int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  int error = 0;
  const auto call = [&]() -> void* {
    error = next.posix_memalign(block, alignment, bytes);
    return error == 0 ? *block : nullptr;
  };
  static_cast<void>(
      allocate<RawKind::allocate>(shift_of(alignment), bytes, HookFrame::here(), call));
  return error;
}

TARN_HOOK void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return allocate<RawKind::allocate>(shift_of(alignment), bytes, HookFrame::here(),
                                     next.aligned_alloc, alignment, bytes);
}

TARN_HOOK void* memalign(std::size_t alignment, std::size_t bytes) {
  return allocate<RawKind::allocate>(shift_of(alignment), bytes, HookFrame::here(), next.memalign,
                                     alignment, bytes);
}

TARN_HOOK void* valloc(std::size_t bytes) {
  return allocate<RawKind::allocate>(page_shift, bytes, HookFrame::here(), next.valloc, bytes);
}

TARN_HOOK void* pvalloc(std::size_t bytes) {
  return allocate<RawKind::allocate>(page_shift, bytes, HookFrame::here(), next.pvalloc, bytes);
}

// Code of another library may come to lie where that of this one was.
TARN_HOOK int dlclose(void* library) {
  resolve_next();
  forget_rules_unwatched();
  CallStackLog::forget_all();
  const int result = next.dlclose(library);
  forget_rules_unwatched();
  CallStackLog::forget_all();  // what others noted while its code was still there
  return result;
}

}  // extern "C"
