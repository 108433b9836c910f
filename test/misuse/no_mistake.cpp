// test/misuse/no_mistake.cpp - does with a region all that is allowed; nobody may complain.
//
// Expect off: nothing
// Expect guarded: nothing
// Expect passthrough: nothing
// Expect automatic: nothing
// Expect guarded asan: nothing
// Expect passthrough asan: nothing
// Expect automatic asan: nothing
// Expect guarded valgrind: nothing
// Expect passthrough valgrind: nothing

#include <cstdlib>
#include <cstring>
#include <thread>

#include "tarn/region/region.hpp"

namespace {

void write_all(void* block, std::size_t bytes) { std::memset(block, 'x', bytes); }

void use(tarn::Region& region) {
  for (std::size_t bytes = 0; bytes < 3000; bytes += 7) write_all(region.allocate(bytes), bytes);
  const tarn::Region::Mark mark = region.mark();
  void* large = region.allocate(100000, 4096);
  write_all(large, 100000);
  region.deallocate_large(large);
  void* block = region.allocate(100);
  write_all(block, 100);
  std::size_t bytes = region.try_extend(block, 100, 200) ? 200 : 100;
  if (static_cast<char*>(block)[3] != 'x') std::abort();  // what was written is still there
  write_all(block, bytes);
  region.shrink(block, bytes, 10);
  write_all(block, 10);
  region.rewind(mark);
  region.add_cleanup([](void* zeros) noexcept { write_all(zeros, 50); },
                     region.allocate_zeroed(50));
}

}  // namespace

int main() {
  tarn::Region region({.name = "orders"});
  for (int round = 0; round < 3; ++round) {
    use(region);
    tarn::Region child(region);
    use(child);
    region.adopt(child);
    if (round == 0) child.detach();
    region.reset(tarn::Retain::at_most(8192));
  }
  std::thread([&region] {
    region.bind_to_this_thread();
    use(region);
    region.reset(tarn::Retain::nothing());
  }).join();
  region.bind_to_this_thread();
  use(region);
}
