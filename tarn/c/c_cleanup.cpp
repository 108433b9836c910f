// Cleanups from C. A tarn_cleanup also says of which region it is and which reset it precedes, so
// that a wrong or a late one is told instead of trusted.

#include <bit>
#include <type_traits>

#include "tarn/c/c_handles.hpp"
#include "tarn/region/file_cleanup.hpp"

using tarn::c::fail;
using tarn::c::invalid;
using tarn::c::KeptErrno;

namespace {

struct KnownCleanup {
  const tarn_region* region;
  std::uint64_t reset_count;
  tarn::CleanupHandle handle;
};
static_assert(sizeof(KnownCleanup) == sizeof(tarn_cleanup));
static_assert(std::is_trivially_copyable_v<KnownCleanup>);

// Calls `add` with the region and a handle to be set; it returns false when memory is refused.
template <typename Add>
int add_cleanup(tarn_region& region, tarn_cleanup* cleanup, Add add) noexcept {
  KeptErrno kept;
  tarn::CleanupHandle handle;
  if (!add(region, handle)) {
    kept.become(ENOMEM);
    return -1;
  }
  if (cleanup != nullptr) {
    *cleanup = std::bit_cast<tarn_cleanup>(KnownCleanup{&region, region.reset_count, handle});
  }
  return 0;
}

// Calls `use` with the region and the handle, if that may still be known there.
template <typename Use>
bool use_cleanup(tarn_region* region, const tarn_cleanup* cleanup, Use use) noexcept {
  if (region == nullptr || cleanup == nullptr) return invalid();
  const auto known = std::bit_cast<KnownCleanup>(*cleanup);
  if (known.region != region || known.reset_count != region->reset_count) return invalid();
  const KeptErrno kept;
  return use(*region, known.handle);
}

}  // namespace

int tarn_region_add_cleanup(tarn_region* region, tarn_cleanup_function* run, void* argument,
                            tarn_cleanup* cleanup) noexcept {
  if (region == nullptr || run == nullptr) return fail(EINVAL);
  return add_cleanup(*region, cleanup, [=](tarn::Region& to, tarn::CleanupHandle& handle) noexcept {
    return to.try_add_cleanup(run, argument, handle);
  });
}

int tarn_region_close_on_cleanup(tarn_region* region, int descriptor,
                                 tarn_cleanup* cleanup) noexcept {
  if (region == nullptr || descriptor < 0) return fail(EINVAL);
  return add_cleanup(*region, cleanup, [=](tarn::Region& to, tarn::CleanupHandle& handle) noexcept {
    return tarn::try_close_on_cleanup(to, descriptor, handle);
  });
}

int tarn_region_delete_file_on_cleanup(tarn_region* region, const char* path,
                                       tarn_cleanup* cleanup) noexcept {
  if (region == nullptr || path == nullptr) return fail(EINVAL);
  return add_cleanup(*region, cleanup, [=](tarn::Region& to, tarn::CleanupHandle& handle) noexcept {
    return tarn::try_delete_file_on_cleanup(to, path, handle);
  });
}

bool tarn_region_cancel_cleanup(tarn_region* region, const tarn_cleanup* cleanup) noexcept {
  return use_cleanup(region, cleanup, [](tarn::Region& of, tarn::CleanupHandle handle) noexcept {
    return of.cancel(handle);
  });
}

bool tarn_region_run_cleanup(tarn_region* region, const tarn_cleanup* cleanup) noexcept {
  return use_cleanup(region, cleanup, [](tarn::Region& of, tarn::CleanupHandle handle) noexcept {
    return of.run_now(handle);
  });
}
