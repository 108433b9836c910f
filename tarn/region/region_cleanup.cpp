// Cleanups: a doubly linked list, newest first, whose nodes are blocks of the region itself.
//
// A node that was cancelled or has run is spare and serves the next registration, so that a
// long-lived region that registers and cancels for ever does not grow.

#include "tarn/base/out_of_memory.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/region_detail.hpp"

namespace tarn {

CleanupHandle Region::add_cleanup(CleanupFunction run, void* argument) {
  CleanupHandle handle;
  if (!try_add_cleanup(run, argument, handle)) out_of_memory(sizeof(Cleanup));
  return handle;
}

bool Region::try_add_cleanup(CleanupFunction run, void* argument, CleanupHandle& handle) noexcept {
  Cleanup* const cleanup = try_prepare_cleanup();
  if (cleanup == nullptr) return false;
  handle = register_cleanup(cleanup, run, argument);
  return true;
}

bool Region::is_registered(CleanupHandle handle, const char* operation) const noexcept {
  check_use(operation);
  if (handle.cleanup_ == nullptr) return false;
  TARN_CHECK(
      !is_checking() || owns(handle.cleanup_, sizeof(Cleanup)),
      "region \"%s\": %s that is not of this region, or has ended with a reset() or rewind()",
      name(), operation);
  return handle.cleanup_->serial == handle.serial_;
}

bool Region::cancel(CleanupHandle handle) noexcept {
  if (!is_registered(handle, "cancelling a cleanup")) return false;
  unlink_cleanup(handle.cleanup_);
  spare_cleanup(handle.cleanup_);
  return true;
}

bool Region::run_now(CleanupHandle handle) noexcept {
  if (!is_registered(handle, "running a cleanup")) return false;
  run_cleanup(handle.cleanup_);
  return true;
}

detail::Cleanup* Region::try_prepare_cleanup() noexcept {
  check_use("adding a cleanup");
  if (Cleanup* const spare = spare_cleanups_) {
    spare_cleanups_ = spare->older;
    return spare;
  }
  void* const block = try_allocate(sizeof(Cleanup), alignof(Cleanup));
  if (block == nullptr) return nullptr;
  return ::new (block) Cleanup{nullptr, nullptr, nullptr, nullptr, 0, ++serial_};
}

void* Region::try_allocate_with_cleanup(std::size_t bytes, std::size_t alignment,
                                        Cleanup*& cleanup) noexcept {
  const bool is_fresh = spare_cleanups_ == nullptr;
  cleanup = try_prepare_cleanup();
  if (cleanup == nullptr) return nullptr;
  void* const block = try_allocate(bytes, alignment);
  if (block == nullptr) {
    if (!is_fresh || !deallocate(cleanup, sizeof(Cleanup))) spare_cleanup(cleanup);
  }
  return block;
}

CleanupHandle Region::register_cleanup(Cleanup* cleanup, CleanupFunction run,
                                       void* argument) noexcept {
  cleanup->run = run;
  cleanup->argument = argument;
  cleanup->newer = nullptr;
  cleanup->older = newest_cleanup_;
  cleanup->serial = ++serial_;
  if (newest_cleanup_ != nullptr) newest_cleanup_->newer = cleanup;
  newest_cleanup_ = cleanup;
  return {cleanup, cleanup->serial};
}

void Region::spare_cleanup(Cleanup* cleanup) noexcept {
  cleanup->serial = 0;
  cleanup->older = spare_cleanups_;
  spare_cleanups_ = cleanup;
}

void Region::unlink_cleanup(Cleanup* cleanup) noexcept {
  (cleanup->newer != nullptr ? cleanup->newer->older : newest_cleanup_) = cleanup->older;
  if (cleanup->older != nullptr) cleanup->older->newer = cleanup->newer;
}

// Off the list first: the function may register, cancel and run others.
void Region::run_cleanup(Cleanup* cleanup) noexcept {
  const CleanupFunction run = cleanup->run;
  void* const argument = cleanup->argument;
  unlink_cleanup(cleanup);
  spare_cleanup(cleanup);
  run(argument);
}

void Region::forget_spare_cleanups_after(std::uint64_t serial) noexcept {
  for (Cleanup** link = &spare_cleanups_; *link != nullptr;) {
    if ((*link)->born > serial) {
      *link = (*link)->older;
    } else {
      link = &(*link)->older;
    }
  }
}

}  // namespace tarn
