// examples/http_server/malloc_counter.cpp - malloc and its relatives, counted and passed on.

#include "examples/http_server/malloc_counter.hpp"

#include <cerrno>
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HTTP_SERVER_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define HTTP_SERVER_SANITIZED 1
#endif

namespace {

thread_local constinit std::uint64_t calls = 0;

}  // namespace

namespace http_server {

std::uint64_t malloc_calls_of_this_thread() noexcept { return calls; }

bool malloc_is_counted() noexcept {
#ifdef HTTP_SERVER_SANITIZED
  return false;
#else
  return true;
#endif
}

}  // namespace http_server

#ifndef HTTP_SERVER_SANITIZED

// The C library's functions under the names that stay when a program replaces the others. What
// they return is freed by the C library's own free().
extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) noexcept {
  ++calls;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
  ++calls;
  return __libc_calloc(count, bytes);
}

void* realloc(void* block, std::size_t bytes) noexcept {
  ++calls;
  return __libc_realloc(block, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  ++calls;
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  ++calls;
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
  ++calls;
  void* result = __libc_memalign(alignment, bytes);
  if (result == nullptr) return ENOMEM;
  *block = result;
  return 0;
}

}  // extern "C"

#endif
