#include "tarn/base/out_of_memory.hpp"

#include <atomic>
#include <new>

#include "tarn/base/check.hpp"

namespace tarn {
namespace {

// Pairs with itself: the handler is a plain function, so nothing is published beside the pointer.
constinit std::atomic<OutOfMemoryHandler> installed_handler{nullptr};

}  // namespace

OutOfMemoryHandler set_out_of_memory_handler(OutOfMemoryHandler handler) noexcept {
  return installed_handler.exchange(handler, std::memory_order_relaxed);
}

void out_of_memory(std::size_t bytes) {
  if (auto handler = installed_handler.load(std::memory_order_relaxed)) handler(bytes);
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  detail::check_failed(__FILE__, __LINE__, "out of memory: %zu bytes were refused", bytes);
#endif
}

}  // namespace tarn
