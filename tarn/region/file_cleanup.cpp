#include "tarn/region/file_cleanup.hpp"

#include <cstring>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/file.hpp"

namespace tarn {
namespace {

// A descriptor is a small number: it travels in the argument itself.
void close_descriptor(void* argument) noexcept {
  close_file(static_cast<int>(reinterpret_cast<std::intptr_t>(argument)));
}

void* as_argument(int descriptor) noexcept {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor));
}

void delete_path(void* argument) noexcept { delete_file(static_cast<const char*>(argument)); }

}  // namespace

bool try_close_on_cleanup(Region& region, int descriptor, CleanupHandle& handle) noexcept {
  return region.try_add_cleanup(close_descriptor, as_argument(descriptor), handle);
}

CleanupHandle close_on_cleanup(Region& region, int descriptor) {
  return region.add_cleanup(close_descriptor, as_argument(descriptor));
}

bool try_delete_file_on_cleanup(Region& region, const char* path, CleanupHandle& handle) noexcept {
  const std::size_t bytes = std::strlen(path) + 1;
  void* const copy = region.try_allocate(bytes, 1);
  if (copy == nullptr) return false;
  std::memcpy(copy, path, bytes);
  if (region.try_add_cleanup(delete_path, copy, handle)) return true;
  region.deallocate(copy, bytes);
  return false;
}

CleanupHandle delete_file_on_cleanup(Region& region, const char* path) {
  CleanupHandle handle;
  if (!try_delete_file_on_cleanup(region, path, handle)) out_of_memory(std::strlen(path) + 1);
  return handle;
}

}  // namespace tarn
