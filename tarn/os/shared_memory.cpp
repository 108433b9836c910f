#include "tarn/os/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn {
namespace {

void* map_descriptor(int descriptor, std::size_t bytes) noexcept {
  void* const address =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  return address == MAP_FAILED ? nullptr : address;
}

}  // namespace

SharedMemory create_shared_memory(std::size_t bytes) noexcept {
  SharedMemory memory;
  // The descriptor stays open: the path goes through it.
  const int descriptor = memfd_create("tarn", MFD_CLOEXEC);
  if (descriptor < 0) return memory;
  if (ftruncate(descriptor, static_cast<off_t>(bytes)) == 0) {
    memory.address = map_descriptor(descriptor, bytes);
  }
  memory.path = path_of_descriptor(descriptor);
  if (memory.address == nullptr) close(descriptor);
  return memory;
}

void* map_shared_memory(const char* path, std::size_t bytes) noexcept {
  const int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat file {};
  const bool is_large_enough =
      fstat(descriptor, &file) == 0 && file.st_size >= static_cast<off_t>(bytes);
  void* const address = is_large_enough ? map_descriptor(descriptor, bytes) : nullptr;
  close(descriptor);
  return address;
}

void unmap_shared_memory(void* address, std::size_t bytes) noexcept { munmap(address, bytes); }

}  // namespace tarn
