#include "tarn/os/sanitizer.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace tarn {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool built_with_asan = true;
#elif defined(__has_feature)
constexpr bool built_with_asan = __has_feature(address_sanitizer);
#else
constexpr bool built_with_asan = false;
#endif

TEST(Sanitizer, RevealedMemoryIsUsableAndKeepsWhatItHeld) {
  alignas(16) static char memory[64] = "written";
  poison(memory, sizeof memory);
  EXPECT_EQ(is_poisoned(memory), memory_checker_present());
  reveal(memory, sizeof memory);
  EXPECT_FALSE(is_poisoned(memory));
  EXPECT_STREQ(memory, "written");
}

TEST(Sanitizer, AddressSanitizerIsFoundWhileRunning) {
  if (built_with_asan) {
    EXPECT_TRUE(memory_checker_present());
  }
}

TEST(Sanitizer, PoisonIsSeenWhereSomebodyWatchesAndOnlyThere) {
  auto memory = std::make_unique<char[]>(64);
  EXPECT_FALSE(is_poisoned(memory.get()));
  poison(memory.get() + 16, 32);
  EXPECT_FALSE(is_poisoned(memory.get() + 15));
  EXPECT_EQ(is_poisoned(memory.get() + 16), memory_checker_present());
  EXPECT_EQ(is_poisoned(memory.get() + 47), memory_checker_present());
  EXPECT_FALSE(is_poisoned(memory.get() + 48));
  unpoison(memory.get() + 16, 32);
  EXPECT_FALSE(is_poisoned(memory.get() + 16));
}

TEST(SanitizerDeathTest, AUseOfPoisonedMemoryIsReported) {
  if (!built_with_asan) GTEST_SKIP() << "built without -fsanitize=address";
  auto memory = std::make_unique<char[]>(64);
  poison(memory.get(), 64);
  EXPECT_DEATH(*static_cast<volatile char*>(memory.get()) = 1, "use-after-poison");
  unpoison(memory.get(), 64);
}

}  // namespace
}  // namespace tarn
