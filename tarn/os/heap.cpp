#include "tarn/os/heap.hpp"

#include <dlfcn.h>
#include <malloc.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <gnu/libc-version.h>

namespace tarn {
namespace {

const char* file_of(const void* function) noexcept {
  Dl_info info{};
  return dladdr(function, &info) == 0 || info.dli_fname == nullptr ? "" : info.dli_fname;
}

const char* c_library() noexcept { return file_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")); }

template <typename Function>
Function* symbol(const char* name) noexcept {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

bool write_version_of_jemalloc(char* text, std::size_t text_bytes) noexcept {
  auto* const ask = symbol<int(const char*, void*, std::size_t*, void*, std::size_t)>("mallctl");
  const char* version = nullptr;
  std::size_t bytes = sizeof version;
  if (ask == nullptr || ask("version", &version, &bytes, nullptr, 0) != 0) return false;
  std::snprintf(text, text_bytes, "%.*s", static_cast<int>(std::strcspn(version, "-")), version);
  return true;
}

bool write_version_of_mimalloc(char* text, std::size_t text_bytes) noexcept {
  auto* const ask = symbol<int()>("mi_version");
  if (ask == nullptr) return false;
  const int version = ask();  // 209 is 2.0.9
  std::snprintf(text, text_bytes, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
  return true;
}

bool write_version_of_tcmalloc(char* text, std::size_t text_bytes) noexcept {
  auto* const ask = symbol<const char*(int*, int*, const char**)>("tc_version");
  if (ask == nullptr) return false;
  std::snprintf(text, text_bytes, "%s", ask(nullptr, nullptr, nullptr));
  return true;
}

}  // namespace

std::size_t usable_heap_bytes(const void* block) noexcept {
  return malloc_usable_size(const_cast<void*>(block));  // which only reads
}

const char* heap_library() noexcept { return file_of(dlsym(RTLD_DEFAULT, "malloc")); }

const char* c_library_folder() noexcept {
  thread_local char folder[PATH_MAX];
  std::snprintf(folder, sizeof folder, "%s", c_library());
  char* const slash = std::strrchr(folder, '/');
  if (slash != nullptr) *slash = '\0';
  return folder;
}

void keep_freed_memory() noexcept {
  constexpr int kept_bytes = 64 << 20;
  constexpr int mapped_bytes_min = 32 << 20;  // larger blocks are mapped; this can not be more
  mallopt(M_TRIM_THRESHOLD, kept_bytes);
  mallopt(M_MMAP_THRESHOLD, mapped_bytes_min);
}

void write_heap_version(char* text, std::size_t text_bytes) noexcept {
  const char* const library = heap_library();
  if (std::strcmp(library, c_library()) == 0) {
    std::snprintf(text, text_bytes, "%s", gnu_get_libc_version());
    return;
  }
  if (write_version_of_jemalloc(text, text_bytes)) return;
  if (write_version_of_mimalloc(text, text_bytes)) return;
  if (write_version_of_tcmalloc(text, text_bytes)) return;
  char path[PATH_MAX];
  const char* const file = realpath(library, path) == nullptr ? library : path;
  const char* const slash = std::strrchr(file, '/');
  std::snprintf(text, text_bytes, "%s", slash == nullptr ? file : slash + 1);
}

}  // namespace tarn
