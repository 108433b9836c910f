// examples/count_mallocs.hpp - counts this program's calls to malloc and its relatives.
//
// Included by one file of a program. With a sanitizer, whose malloc must not be replaced, the
// sanitizer is asked to tell; otherwise malloc is replaced by one that counts and calls glibc's.

#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EXAMPLE_HAS_SANITIZER 1
#elif defined(__has_feature)
#define EXAMPLE_HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define EXAMPLE_HAS_SANITIZER 0
#endif

namespace {
constinit std::atomic<std::size_t> mallocs{0};  // a count and nothing else: relaxed, no pair
void count_malloc() noexcept { mallocs.fetch_add(1, std::memory_order_relaxed); }
std::size_t malloc_count() noexcept { return mallocs.load(std::memory_order_relaxed); }
}  // namespace

#if EXAMPLE_HAS_SANITIZER
extern "C" void __sanitizer_malloc_hook(const volatile void*, std::size_t) { count_malloc(); }
extern "C" void __sanitizer_free_hook(const volatile void*) {}
#else
extern "C" {
void* __libc_malloc(std::size_t bytes) noexcept;
void* __libc_calloc(std::size_t count, std::size_t bytes) noexcept;
void* __libc_realloc(void* block, std::size_t bytes) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t bytes) noexcept;

void* malloc(std::size_t bytes) noexcept {
  count_malloc();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  count_malloc();
  return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) noexcept {
  count_malloc();
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  count_malloc();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
  count_malloc();
  *block = __libc_memalign(alignment, bytes);
  return *block == nullptr ? ENOMEM : 0;
}
}
#endif
