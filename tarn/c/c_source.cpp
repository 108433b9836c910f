// Sources from C. A handle lies in memory of the source it stands on, so that nothing is taken
// behind the back of whoever counts: a fixed one in its buffer, a limited one in a chunk of its
// upstream, one made of functions in a chunk of theirs.

#include <new>

#include "tarn/c/c_handles.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/limited_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "tarn/source/thread_cache.hpp"

namespace tarn::c {
namespace {

// One of the library's own: always there, for everybody.
class SharedSource final : public tarn_source {
 public:
  explicit constexpr SharedSource(Source& (*find)() noexcept) noexcept : find_(find) {}

  Source& source() noexcept override { return find_(); }
  bool fill_in(tarn_source_stats&) const noexcept override { return false; }
  bool end() noexcept override { return false; }

 private:
  Source& (*find_)() noexcept;
};

template <PageMode mode>
Source& pages() noexcept {
  static constinit MappedSource source({mode});
  return source;
}

constinit SharedSource heap(heap_source);
constinit SharedSource thread_cached([]() noexcept -> Source& { return thread_cached_source(); });
constinit SharedSource mapped[] = {SharedSource(pages<PageMode::ordinary>),
                                   SharedSource(pages<PageMode::transparent_huge>),
                                   SharedSource(pages<PageMode::explicit_huge>)};

class FixedHandle final : public tarn_source {
 public:
  FixedHandle(void* buffer, std::size_t bytes) noexcept
      : fixed_(buffer, bytes), bytes_max_(fixed_.free_bytes()) {}

  Source& source() noexcept override { return fixed_; }
  bool fill_in(tarn_source_stats& stats) const noexcept override {
    stats.free_bytes = fixed_.free_bytes();
    stats.used_bytes = bytes_max_ - stats.free_bytes;
    stats.largest_free_bytes = fixed_.largest_free_bytes();
    return true;
  }
  bool end() noexcept override {
    if (fixed_.free_bytes() != bytes_max_) return false;
    this->~FixedHandle();
    return true;
  }

 private:
  FixedSource fixed_;
  std::size_t bytes_max_;
};

class LimitedHandle final : public tarn_source {
 public:
  LimitedHandle(Source& upstream, std::size_t bytes_max) noexcept
      : upstream_(upstream), limited_(upstream, bytes_max) {}

  Source& source() noexcept override { return limited_; }
  bool fill_in(tarn_source_stats& stats) const noexcept override {
    stats.used_bytes = limited_.bytes_used();
    stats.free_bytes = limited_.bytes_max() - limited_.bytes_used();
    stats.largest_free_bytes = stats.free_bytes;
    stats.refused_count = limited_.refused_count();
    return true;
  }
  bool end() noexcept override {
    if (limited_.bytes_used() != 0) return false;
    Source& upstream = upstream_;
    this->~LimitedHandle();
    upstream.release(this, sizeof(LimitedHandle), alignof(LimitedHandle));
    return true;
  }

 private:
  Source& upstream_;
  LimitedSource limited_;
};

struct Functions {
  tarn_acquire_function* acquire;
  tarn_release_function* release;
  void* context;
};

class FunctionSource final : public Source {
 public:
  explicit FunctionSource(const Functions& functions) noexcept : functions_(functions) {}

  [[nodiscard]] const Functions& functions() const noexcept { return functions_; }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    void* const chunk = functions_.acquire(functions_.context, bytes, alignment);
    TARN_CHECK(
        is_aligned(chunk, alignment),
        "a source's acquire function gave chunk %p, which is not aligned to %zu as asked for",
        chunk, alignment);
    return chunk;
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    functions_.release(functions_.context, chunk, bytes, alignment);
  }
  static bool is_aligned(const void* chunk, std::size_t alignment) noexcept {
    return reinterpret_cast<std::uintptr_t>(chunk) % alignment == 0;
  }

  Functions functions_;
};

class FunctionHandle final : public tarn_source {
 public:
  explicit FunctionHandle(const Functions& functions) noexcept : own_(functions) {}

  Source& source() noexcept override { return own_; }
  // Not even counted: the functions may serve several threads at once.
  bool fill_in(tarn_source_stats&) const noexcept override { return false; }
  bool end() noexcept override {
    FunctionSource last(own_.functions());
    this->~FunctionHandle();
    last.release(this, sizeof(FunctionHandle), alignof(FunctionHandle));
    return true;
  }

 private:
  FunctionSource own_;
};

constexpr std::size_t fixed_bytes_min = 256;
static_assert(sizeof(FixedHandle) + fundamental_alignment < fixed_bytes_min / 2);

}  // namespace
}  // namespace tarn::c

using tarn::c::fail;
using tarn::c::KeptErrno;
using tarn::c::refuse;

tarn_source* tarn_source_heap() noexcept { return &tarn::c::heap; }

tarn_source* tarn_source_thread_cached() noexcept { return &tarn::c::thread_cached; }

void tarn_source_drain_thread_cache() noexcept {
  const KeptErrno kept;
  tarn::drain_thread_cache();
}

void tarn_source_limit_thread_caches(std::size_t bytes_max) noexcept {
  const KeptErrno kept;
  tarn::limit_thread_caches(bytes_max);
}

tarn_source* tarn_source_mapped(int pages) noexcept {
  if (pages < TARN_PAGES_ORDINARY || pages > TARN_PAGES_EXPLICIT_HUGE) return refuse(EINVAL);
  return &tarn::c::mapped[pages];
}

tarn_source* tarn_source_create_fixed(void* buffer, std::size_t buffer_bytes) noexcept {
  using tarn::c::FixedHandle;
  if (buffer == nullptr || buffer_bytes < tarn::c::fixed_bytes_min) return refuse(EINVAL);
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer);
  const std::uintptr_t handle = tarn::align_up(begin, alignof(FixedHandle));
  const std::uintptr_t rest = handle + sizeof(FixedHandle);
  return ::new (reinterpret_cast<void*>(handle))
      FixedHandle(reinterpret_cast<void*>(rest), buffer_bytes - (rest - begin));
}

tarn_source* tarn_source_create_limited(tarn_source* upstream, std::size_t bytes_max) noexcept {
  using tarn::c::LimitedHandle;
  if (upstream == nullptr) return refuse(EINVAL);
  KeptErrno kept;
  tarn::Source& source = upstream->source();
  void* const memory = source.acquire(sizeof(LimitedHandle), alignof(LimitedHandle));
  if (memory != nullptr) return ::new (memory) LimitedHandle(source, bytes_max);
  kept.become(ENOMEM);
  return nullptr;
}

tarn_source* tarn_source_create(tarn_acquire_function* acquire, tarn_release_function* release,
                                void* context) noexcept {
  using tarn::c::FunctionHandle;
  if (acquire == nullptr || release == nullptr) return refuse(EINVAL);
  KeptErrno kept;
  const tarn::c::Functions functions{acquire, release, context};
  tarn::c::FunctionSource first(functions);
  void* const memory = first.acquire(sizeof(FunctionHandle), alignof(FunctionHandle));
  if (memory != nullptr) return ::new (memory) FunctionHandle(functions);
  kept.become(ENOMEM);
  return nullptr;
}

int tarn_source_destroy(tarn_source* source) noexcept {
  if (source == nullptr) return 0;
  KeptErrno kept;
  if (source->end()) return 0;
  kept.become(EINVAL);
  return -1;
}

int tarn_source_get_stats(const tarn_source* source, tarn_source_stats* stats) noexcept {
  tarn_source_stats known = TARN_SOURCE_STATS_INIT;
  if (source == nullptr || stats == nullptr || !source->fill_in(known)) return fail(EINVAL);
  return tarn::c::write_struct(known, *stats) ? 0 : fail(EINVAL);
}
