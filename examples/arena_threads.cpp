// Question: how do threads pass buffers of any size on without a lock of their own?
//
// One thread reads, another writes: the buffer that the writer frees comes home to the reader, who
// finds it again. A buffer may be freed without its size, and grows where it is if it can.

#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "buffers"});
  void* block = arena.allocate(1000);                  // from any thread
  const std::size_t room = arena.usable_bytes(block);  // 1024: use them all
  const bool stays = arena.try_resize(block, room);    // true: it stays where it is
  arena.deallocate(block);                             // from any thread; no size needed

  std::vector<void*> read;
  for (std::size_t bytes = 9; bytes < 18000; bytes *= 3) {
    read.push_back(std::memset(arena.allocate(bytes), 'x', bytes));
  }
  std::thread([&] {
    for (void* const buffer : read) arena.deallocate(buffer);
  }).join();

  const tarn::ArenaStats stats = arena.stats();
  std::printf("%zu bytes in use, %zu free at hand, %zu reserved\n", stats.used_bytes,
              stats.cached_bytes, stats.reserved_bytes);
  const bool is_home = arena.allocate(9) == read.front();
  arena.deallocate(read.front());
  arena.trim();
  return stays && room == 1024 && is_home && arena.stats().reserved_bytes == 0 ? 0 : 1;
}
