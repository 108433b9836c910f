// Goal: each concept accepts what has the ability and refuses what lacks it, a missing noexcept
// included. Method: small pools and static_assert; the one test says that the file was compiled.

#include "tarn/base/concepts.hpp"

#include <gtest/gtest.h>

namespace tarn {
namespace {

struct Smallest {
  void* try_allocate(std::size_t, std::size_t) noexcept { return nullptr; }
  void deallocate(void*, std::size_t) noexcept {}
};
static_assert(Pool<Smallest>);
static_assert(!AllocatingZeroed<Smallest> && !Extendable<Smallest> && !Shrinkable<Smallest>);
static_assert(!Resettable<Smallest> && !Markable<Smallest> && !Nestable<Smallest>);
static_assert(!Cleaning<Smallest, int>);

struct ByAlignment {
  void* try_allocate(std::size_t, std::size_t) noexcept { return nullptr; }
  void deallocate(void*, std::size_t, std::size_t) noexcept {}
};
static_assert(Pool<ByAlignment> && !DeallocatingByBytes<ByAlignment>);

struct MayThrow {
  void* try_allocate(std::size_t, std::size_t) { return nullptr; }
  void deallocate(void*, std::size_t) {}
};
static_assert(!Allocating<MayThrow> && !Deallocating<MayThrow>);

struct NeverFrees {
  void* try_allocate(std::size_t, std::size_t) noexcept { return nullptr; }
};
static_assert(Allocating<NeverFrees> && !Pool<NeverFrees>);

struct Budget {
  std::size_t bytes_max = 0;
  bool as_one_chunk = false;
};

struct Everything : Smallest {
  struct Mark {};
  struct Handle {};

  Everything() = default;
  explicit Everything(Everything&) noexcept {}

  void* try_allocate_zeroed(std::size_t, std::size_t) noexcept { return nullptr; }
  bool try_extend(void*, std::size_t, std::size_t) noexcept { return false; }
  bool shrink(void*, std::size_t, std::size_t) noexcept { return false; }
  void reset(Budget = {}) noexcept {}
  Mark mark() noexcept { return {}; }
  void rewind(const Mark&) noexcept {}
  void adopt(Everything&) noexcept {}
  void detach() noexcept {}
  bool try_add_cleanup(void (*)(void*) noexcept, void*, Handle&) noexcept { return false; }
  bool cancel(Handle) noexcept { return false; }
  bool run_now(Handle) noexcept { return false; }
};
static_assert(Pool<Everything> && AllocatingZeroed<Everything> && Extendable<Everything>);
static_assert(Shrinkable<Everything> && Resettable<Everything> && Retaining<Everything>);
static_assert(Markable<Everything> && Nestable<Everything>);
static_assert(Cleaning<Everything, Everything::Handle>);

struct OnlyReset : Smallest {
  void reset() noexcept {}
};
static_assert(Resettable<OnlyReset> && !Retaining<OnlyReset>);

TEST(Concepts, AskForAbilitiesAtCompileTime) { EXPECT_TRUE(Pool<Smallest>); }

}  // namespace
}  // namespace tarn
