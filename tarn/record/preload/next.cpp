#include "tarn/record/preload/next.hpp"

#include <cstdint>
#include <cstring>

#include "tarn/base/bits.hpp"
#include "tarn/os/next_symbol.hpp"

namespace tarn::record {

alignas(fundamental_alignment) std::byte bootstrap_memory[bootstrap_bytes];

namespace {

std::size_t bootstrap_used_bytes = 0;

// Each block begins behind its size, for realloc().
void* bootstrap_malloc(std::size_t bytes) noexcept {
  if (bytes > bootstrap_bytes) return nullptr;
  const std::size_t room_bytes = fundamental_alignment + align_up(bytes, fundamental_alignment);
  if (room_bytes > bootstrap_bytes - bootstrap_used_bytes) return nullptr;
  std::byte* const size = bootstrap_memory + bootstrap_used_bytes;
  std::memcpy(size, &bytes, sizeof bytes);
  bootstrap_used_bytes += room_bytes;
  return size + fundamental_alignment;
}

// The memory is zero, and no block of it is handed out twice.
void* bootstrap_calloc(std::size_t count, std::size_t bytes) noexcept {
  std::size_t all_bytes = 0;
  return multiply_checked(count, bytes, all_bytes) ? bootstrap_malloc(all_bytes) : nullptr;
}

void* bootstrap_realloc(void* block, std::size_t bytes) noexcept {
  void* const moved = bootstrap_malloc(bytes);
  if (moved != nullptr && block != nullptr) copy_out_of_bootstrap(moved, block, bytes);
  return moved;
}

void bootstrap_free(void*) noexcept {}

bool is_resolved = false;

template <typename Function>
void find(Function*& function, const char* name) noexcept {
  function = reinterpret_cast<Function*>(next_symbol(name));
}

}  // namespace

Next next = {.malloc = bootstrap_malloc,
             .calloc = bootstrap_calloc,
             .realloc = bootstrap_realloc,
             .free = bootstrap_free};

void resolve_next() noexcept {
  if (is_resolved) return;
  is_resolved = true;
  Next found{};
  find(found.malloc, "malloc");
  find(found.calloc, "calloc");
  find(found.realloc, "realloc");
  find(found.free, "free");
  find(found.posix_memalign, "posix_memalign");
  find(found.aligned_alloc, "aligned_alloc");
  find(found.memalign, "memalign");
  find(found.valloc, "valloc");
  find(found.pvalloc, "pvalloc");
  find(found.dlclose, "dlclose");
  find(found.munmap, "munmap");
  find(found.mremap, "mremap");
  find(found.mprotect, "mprotect");
  find(found.pthread_create, "pthread_create");
  find(found.pthread_setname_np, "pthread_setname_np");
  find(found.prctl, "prctl");
  next = found;
}

void copy_out_of_bootstrap(void* to, const void* block, std::size_t bytes) noexcept {
  std::size_t old_bytes = 0;
  std::memcpy(&old_bytes, static_cast<const std::byte*>(block) - fundamental_alignment,
              sizeof old_bytes);
  std::memcpy(to, block, old_bytes < bytes ? old_bytes : bytes);
}

}  // namespace tarn::record
