// Regions from C: how they begin and end, marks, the tree, and what can be looked at.

#include <algorithm>
#include <bit>
#include <new>
#include <type_traits>

#include "tarn/base/bits.hpp"
#include "tarn/c/c_handles.hpp"
#include "tarn/source/thread_cache.hpp"

using tarn::c::fail;
using tarn::c::KeptErrno;
using tarn::c::refuse;

static_assert(TARN_CHECKING_AUTOMATIC == static_cast<int>(tarn::Checking::automatic) &&
              TARN_CHECKING_OFF == static_cast<int>(tarn::Checking::off) &&
              TARN_CHECKING_GUARDED == static_cast<int>(tarn::Checking::guarded) &&
              TARN_CHECKING_PASSTHROUGH == static_cast<int>(tarn::Checking::passthrough));
static_assert(tarn::RegionOptions{}.first_chunk_bytes == 32768 &&
                  tarn::RegionOptions{}.chunk_bytes_max == 114688 &&
                  tarn::RegionOptions{}.reserved_bytes_max == SIZE_MAX,
              "the defaults as tarn.h tells them");
static_assert(sizeof(tarn_region) + 256 <= TARN_REGION_BYTES_MIN,
              "the handle, what aligning a caller's buffer costs, and a few blocks");

namespace {

struct KnownMark {
  const tarn_region* region;
  std::uint64_t reset_count;
  tarn::Region::Mark mark;
};
static_assert(sizeof(KnownMark) == sizeof(tarn_mark));
static_assert(std::is_trivially_copyable_v<KnownMark>);

// Returns false if there are options and one of them is wrong.
bool choose_options(const tarn_region* parent, const tarn_region_options* given,
                    tarn_region_options& chosen) noexcept {
  chosen = TARN_REGION_OPTIONS_INIT;
  if (given == nullptr && parent != nullptr) chosen = parent->created_with;
  if (given != nullptr && !tarn::c::read_struct(*given, chosen)) return false;
  chosen.struct_bytes = sizeof chosen;
  return chosen.checking >= TARN_CHECKING_AUTOMATIC && chosen.checking <= TARN_CHECKING_PASSTHROUGH;
}

tarn::RegionOptions region_options(const tarn_region_options& chosen) noexcept {
  tarn::RegionOptions options;
  if (chosen.name != nullptr) options.name = chosen.name;
  if (chosen.source != nullptr) options.source = &chosen.source->source();
  if (chosen.first_chunk_bytes != 0) options.first_chunk_bytes = chosen.first_chunk_bytes;
  if (chosen.chunk_bytes_max != 0) options.chunk_bytes_max = chosen.chunk_bytes_max;
  if (chosen.reserved_bytes_max != 0) options.reserved_bytes_max = chosen.reserved_bytes_max;
  options.checking = static_cast<tarn::Checking>(chosen.checking);
  return options;
}

void end_handle(tarn_region& region) noexcept {
  tarn::Source* const home = region.home;
  const std::size_t home_bytes = region.home_bytes;
  region.~tarn_region();
  if (home != nullptr) home->release(&region, home_bytes, tarn::fundamental_alignment);
}

void end_handle_with_parent(tarn::Region& region) noexcept {
  end_handle(static_cast<tarn_region&>(region));
}

tarn_region* begin_region(tarn_region* parent, const tarn_region_options& chosen,
                          const tarn::RegionOptions& options, void* memory,
                          std::size_t bytes) noexcept {
  auto* const first_chunk = static_cast<std::byte*>(memory) + sizeof(tarn_region);
  auto* const region =
      ::new (memory) tarn_region(first_chunk, bytes - sizeof(tarn_region), options);
  region->created_with = chosen;
  region->home = nullptr;
  region->home_bytes = bytes;
  region->call_when_ended(end_handle_with_parent);
  if (parent != nullptr) parent->adopt(*region);
  return region;
}

int reset(tarn_region* region, const tarn::Retain& retain) noexcept {
  if (region == nullptr) return fail(EINVAL);
  const KeptErrno kept;
  region->reset(retain);
  ++region->reset_count;
  return 0;
}

}  // namespace

tarn_region* tarn_region_create(tarn_region* parent, const tarn_region_options* options) noexcept {
  tarn_region_options chosen;
  if (!choose_options(parent, options, chosen)) return refuse(EINVAL);
  tarn::RegionOptions own = region_options(chosen);
  constexpr std::size_t bytes_min = TARN_REGION_BYTES_MIN;
  if (own.reserved_bytes_max < bytes_min) return refuse(ENOMEM);
  KeptErrno kept;
  tarn::Source& source = own.source != nullptr ? *own.source : tarn::default_source();
  std::size_t bytes = std::clamp(own.first_chunk_bytes, bytes_min, own.reserved_bytes_max);
  bytes = tarn::align_down(bytes, tarn::fundamental_alignment);
  void* memory = source.acquire(bytes, tarn::fundamental_alignment);
  if (memory == nullptr && bytes > bytes_min) {
    bytes = bytes_min;
    memory = source.acquire(bytes, tarn::fundamental_alignment);
  }
  if (memory == nullptr) {
    kept.become(ENOMEM);
    return nullptr;
  }
  if (own.reserved_bytes_max != SIZE_MAX) own.reserved_bytes_max -= bytes;
  tarn_region* const region = begin_region(parent, chosen, own, memory, bytes);
  region->home = &source;
  return region;
}

tarn_region* tarn_region_create_in(tarn_region* parent, const tarn_region_options* options,
                                   void* buffer, std::size_t buffer_bytes) noexcept {
  tarn_region_options chosen;
  if (!choose_options(parent, options, chosen)) return refuse(EINVAL);
  if (buffer == nullptr || buffer_bytes < TARN_REGION_BYTES_MIN) return refuse(EINVAL);
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer);
  const std::uintptr_t first = tarn::align_up(begin, tarn::fundamental_alignment);
  const std::size_t bytes =
      tarn::align_down(buffer_bytes - (first - begin), tarn::fundamental_alignment);
  return begin_region(parent, chosen, region_options(chosen), reinterpret_cast<void*>(first),
                      bytes);
}

void tarn_region_destroy(tarn_region* region) noexcept {
  if (region == nullptr) return;
  const KeptErrno kept;
  end_handle(*region);
}

int tarn_region_reset(tarn_region* region, std::size_t retained_bytes_max) noexcept {
  return reset(region, tarn::Retain::at_most(retained_bytes_max));
}

int tarn_region_reset_to_one_chunk(tarn_region* region, std::size_t retained_bytes_max) noexcept {
  return reset(region, tarn::Retain::at_most(retained_bytes_max).as_one_chunk());
}

int tarn_region_mark(tarn_region* region, tarn_mark* mark) noexcept {
  if (region == nullptr || mark == nullptr) return fail(EINVAL);
  *mark = std::bit_cast<tarn_mark>(KnownMark{region, region->reset_count, region->mark()});
  return 0;
}

int tarn_region_rewind(tarn_region* region, const tarn_mark* mark) noexcept {
  if (region == nullptr || mark == nullptr) return fail(EINVAL);
  const auto known = std::bit_cast<KnownMark>(*mark);
  if (known.region != region || known.reset_count != region->reset_count) return fail(EINVAL);
  const KeptErrno kept;
  region->rewind(known.mark);
  return 0;
}

int tarn_region_adopt(tarn_region* region, tarn_region* child) noexcept {
  if (region == nullptr || child == nullptr) return fail(EINVAL);
  for (const tarn::Region* above = region; above != nullptr; above = above->parent()) {
    if (above == child) return fail(EINVAL);
  }
  region->adopt(*child);
  return 0;
}

int tarn_region_detach(tarn_region* region) noexcept {
  if (region == nullptr) return fail(EINVAL);
  region->detach();
  return 0;
}

int tarn_region_bind_to_this_thread(tarn_region* region) noexcept {
  if (region == nullptr) return fail(EINVAL);
  region->bind_to_this_thread();
  return 0;
}

int tarn_region_get_stats(const tarn_region* region, tarn_region_stats* stats) noexcept {
  if (region == nullptr || stats == nullptr) return fail(EINVAL);
  const tarn::RegionStats of = region->stats();
  // The Region knows of its first chunk, and not that it lies within one.
  const tarn_region_stats known = {sizeof known,
                                   of.requested_bytes,
                                   of.handed_out_bytes,
                                   of.peak_handed_out_bytes,
                                   of.free_bytes,
                                   of.reserved_bytes + sizeof(tarn_region),
                                   of.wasted_bytes + sizeof(tarn_region),
                                   of.chunk_count,
                                   of.large_count,
                                   of.cleanup_count,
                                   of.child_count,
                                   of.refused_count};
  return tarn::c::write_struct(known, *stats) ? 0 : fail(EINVAL);
}

int tarn_region_get_options(const tarn_region* region, tarn_region_options* options) noexcept {
  if (region == nullptr || options == nullptr) return fail(EINVAL);
  return tarn::c::write_struct(region->created_with, *options) ? 0 : fail(EINVAL);
}

const char* tarn_region_name(const tarn_region* region) noexcept {
  return region != nullptr ? region->name() : refuse(EINVAL);
}

tarn_region* tarn_region_parent(const tarn_region* region) noexcept {
  if (region == nullptr) return refuse(EINVAL);
  return static_cast<tarn_region*>(region->parent());
}

int tarn_region_for_each_child(const tarn_region* region, tarn_visit_function* visit,
                               void* context) noexcept {
  if (region == nullptr || visit == nullptr) return fail(EINVAL);
  region->for_each_child([=](const tarn::Region& child) noexcept {
    visit(static_cast<const tarn_region*>(&child), context);
  });
  return 0;
}

bool tarn_region_owns(const tarn_region* region, const void* block, std::size_t bytes) noexcept {
  if (region == nullptr || block == nullptr) return tarn::c::invalid();
  return region->owns(block, bytes);
}
