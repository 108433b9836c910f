// Question: how many objects can there be without any heap, and who says so?
//
// The compiler. A StackPool has its memory inside itself; when it is used up, try_allocate() says
// so. It builds with -fno-exceptions -fno-rtti.

#include <cstdio>
#include <cstdlib>

#include "tarn/slab/stack_pool.hpp"

namespace {

struct Timer {
  unsigned due_ms;
  void (*run)();
};

using Timers = tarn::StackPool<sizeof(Timer), 32>;
static_assert(Timers::capacity >= 32);

}  // namespace

int main() {
  Timers timers("timers");
  void* last = nullptr;
  std::size_t count = 0;
  while (void* const timer = timers.try_allocate()) {
    last = timer;
    ++count;
  }
  std::printf("%zu timers in %zu bytes\n", count, sizeof(timers));

  timers.deallocate(last);
  const bool is_right = count == Timers::capacity && timers.try_allocate() == last;
  // All are in use still; a pool that checks would say so if it ended now.
  std::_Exit(is_right ? 0 : 1);
}
