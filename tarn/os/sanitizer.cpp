#include "tarn/os/sanitizer.hpp"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

// Weak, so that they are null unless the program carries AddressSanitizer's run-time library.
extern "C" {
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* memory, std::size_t bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* memory, std::size_t bytes);
[[gnu::weak]] int __asan_address_is_poisoned(const volatile void* byte);
}

namespace tarn {
namespace {

// Requests to Valgrind are instructions that do nothing on a bare machine.
#if __has_include(<valgrind/memcheck.h>)
// Valgrind's other tools only measure: they shall see the code as it runs without them. They
// answer 0 to a request of Memcheck's.
bool memcheck_present() noexcept {
  const char byte = 0;
  unsigned char bits = 0;
  return VALGRIND_GET_VBITS(&byte, &bits, 1) != 0;
}
void valgrind_poison(const void* memory, std::size_t bytes) noexcept {
  static_cast<void>(VALGRIND_MAKE_MEM_NOACCESS(memory, bytes));
}
void valgrind_unpoison(const void* memory, std::size_t bytes) noexcept {
  static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(memory, bytes));
}
void valgrind_reveal(const void* memory, std::size_t bytes) noexcept {
  static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(memory, bytes));
}
bool valgrind_is_poisoned(const void* byte) noexcept {
  constexpr int not_addressable = 3;  // the answer of memcheck.h, given without an error report
  unsigned char bits = 0;
  return VALGRIND_GET_VBITS(byte, &bits, 1) == not_addressable;
}
#else
bool memcheck_present() noexcept { return false; }
void valgrind_poison(const void*, std::size_t) noexcept {}
void valgrind_unpoison(const void*, std::size_t) noexcept {}
void valgrind_reveal(const void*, std::size_t) noexcept {}
bool valgrind_is_poisoned(const void*) noexcept { return false; }
#endif

bool asan_present() noexcept { return __asan_poison_memory_region != nullptr; }

}  // namespace

bool memory_checker_present() noexcept { return asan_present() || memcheck_present(); }

void poison(const void* memory, std::size_t bytes) noexcept {
  if (asan_present()) __asan_poison_memory_region(memory, bytes);
  valgrind_poison(memory, bytes);
}

void unpoison(const void* memory, std::size_t bytes) noexcept {
  if (asan_present()) __asan_unpoison_memory_region(memory, bytes);
  valgrind_unpoison(memory, bytes);
}

void reveal(const void* memory, std::size_t bytes) noexcept {
  if (asan_present()) __asan_unpoison_memory_region(memory, bytes);
  valgrind_reveal(memory, bytes);
}

bool is_poisoned(const void* byte) noexcept {
  if (asan_present()) return __asan_address_is_poisoned(byte) != 0;
  return valgrind_is_poisoned(byte);
}

}  // namespace tarn
