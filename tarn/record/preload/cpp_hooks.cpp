// The C++ family: every form of new and delete, so that the caller is the program's own code and
// not the C++ runtime. They take their blocks where malloc() does, as the runtime's own do. What
// there is no memory for is left to the runtime, which calls the new-handler and throws.

#include <cstddef>
#include <new>

#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"
#include "tarn/os/next_symbol.hpp"
#include "tarn/record/preload/hooks.hpp"

using namespace tarn::record;

namespace {

// Found when it is needed: the runtime may come with a library that is loaded later.
template <typename... Arguments>
TARN_COLD void* runtime_new(const char* name, Arguments... arguments) {
  using Function = void* (*)(Arguments...);
  const auto function = reinterpret_cast<Function>(tarn::next_symbol(name));
  TARN_CHECK(function != nullptr, "%s: no memory, and no C++ runtime to say so", name);
  return function(arguments...);
}

TARN_HOT void* try_new(std::size_t bytes, HookFrame frame) noexcept {
  return allocate<RawKind::allocate>(0, bytes, frame, next.malloc, bytes);
}

TARN_HOT void* try_new(std::size_t bytes, std::align_val_t alignment, HookFrame frame) noexcept {
  const auto number = static_cast<std::size_t>(alignment);
  std::size_t rounded_bytes = 0;
  if (!tarn::align_up_checked(bytes, number, rounded_bytes)) return nullptr;
  return allocate<RawKind::allocate>(shift_of(number), bytes, frame, next.aligned_alloc, number,
                                     rounded_bytes);
}

}  // namespace

TARN_HOOK void* operator new(std::size_t bytes) {
  void* const block = try_new(bytes, HookFrame::here());
  return block != nullptr ? block : runtime_new("_Znwm", bytes);
}

TARN_HOOK void* operator new[](std::size_t bytes) {
  void* const block = try_new(bytes, HookFrame::here());
  return block != nullptr ? block : runtime_new("_Znam", bytes);
}

TARN_HOOK void* operator new(std::size_t bytes, const std::nothrow_t& nothrow) noexcept {
  void* const block = try_new(bytes, HookFrame::here());
  return block != nullptr ? block : runtime_new("_ZnwmRKSt9nothrow_t", bytes, &nothrow);
}

TARN_HOOK void* operator new[](std::size_t bytes, const std::nothrow_t& nothrow) noexcept {
  void* const block = try_new(bytes, HookFrame::here());
  return block != nullptr ? block : runtime_new("_ZnamRKSt9nothrow_t", bytes, &nothrow);
}

TARN_HOOK void* operator new(std::size_t bytes, std::align_val_t alignment) {
  void* const block = try_new(bytes, alignment, HookFrame::here());
  return block != nullptr ? block : runtime_new("_ZnwmSt11align_val_t", bytes, alignment);
}

TARN_HOOK void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  void* const block = try_new(bytes, alignment, HookFrame::here());
  return block != nullptr ? block : runtime_new("_ZnamSt11align_val_t", bytes, alignment);
}

TARN_HOOK void* operator new(std::size_t bytes, std::align_val_t alignment,
                             const std::nothrow_t& nothrow) noexcept {
  void* const block = try_new(bytes, alignment, HookFrame::here());
  return block != nullptr
             ? block
             : runtime_new("_ZnwmSt11align_val_tRKSt9nothrow_t", bytes, alignment, &nothrow);
}

TARN_HOOK void* operator new[](std::size_t bytes, std::align_val_t alignment,
                               const std::nothrow_t& nothrow) noexcept {
  void* const block = try_new(bytes, alignment, HookFrame::here());
  return block != nullptr
             ? block
             : runtime_new("_ZnamSt11align_val_tRKSt9nothrow_t", bytes, alignment, &nothrow);
}

TARN_HOOK void operator delete(void* block) noexcept { deallocate(block, HookFrame::here()); }

TARN_HOOK void operator delete[](void* block) noexcept { deallocate(block, HookFrame::here()); }

TARN_HOOK void operator delete(void* block, std::size_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete[](void* block, std::size_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete(void* block, std::align_val_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete[](void* block, std::align_val_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete(void* block, const std::nothrow_t&) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete[](void* block, const std::nothrow_t&) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  deallocate(block, HookFrame::here());
}

TARN_HOOK void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  deallocate(block, HookFrame::here());
}
