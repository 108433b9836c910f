#include "tarn/os/checking.hpp"

#include <cstdlib>
#include <cstring>

#include "tarn/base/check.hpp"
#include "tarn/os/decided_checking.hpp"
#include "tarn/os/sanitizer.hpp"

namespace tarn {
namespace {

Checking checking_of_process() noexcept {
  const char* const wish = std::getenv("TARN_CHECKING");
  if (wish != nullptr) {
    if (std::strcmp(wish, "off") == 0) return Checking::off;
    if (std::strcmp(wish, "guarded") == 0) return Checking::guarded;
    if (std::strcmp(wish, "passthrough") == 0) return Checking::passthrough;
    TARN_CHECK(wish == nullptr, "TARN_CHECKING is \"%s\"; set it to off, guarded or passthrough",
               wish);
  }
#ifdef NDEBUG
  return memory_checker_present() ? Checking::guarded : Checking::off;
#else
  return Checking::guarded;
#endif
}

}  // namespace

constinit std::atomic<Checking> detail::decided_checking{Checking::automatic};

Checking automatic_checking() noexcept {
  Checking checking = detail::decided_checking.load(std::memory_order_relaxed);
  if (checking == Checking::automatic) [[unlikely]] {
    checking = checking_of_process();
    detail::decided_checking.store(checking, std::memory_order_relaxed);
  }
  return checking;
}

}  // namespace tarn
