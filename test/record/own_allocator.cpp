// A program with an allocator of its own, as those have into which one was linked statically.

#include <cstddef>

namespace {

alignas(16) std::byte memory[1 << 20];
std::size_t used_bytes = 0;

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  void* const block = memory + used_bytes;
  used_bytes += (bytes + 15) & ~std::size_t{15};
  return used_bytes <= sizeof memory ? block : nullptr;
}

void free(void*) {}

}  // extern "C"

int main() { return 0; }
