// Question: how many objects can there be without any heap, and who says so?
//
// The compiler. A StackPool has its memory inside itself; when it is used up, try_allocate() says
// so. Only what checking knows of each block would lie on a heap: where there is none, it is off.
// It builds with -fno-exceptions -fno-rtti.

#include <cstdio>

#include "examples/count_mallocs.hpp"
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
  const std::size_t mallocs_before = malloc_count();
  Timers timers("timers", tarn::Checking::off);
  void* last = nullptr;
  std::size_t count = 0;
  while (void* const timer = timers.try_allocate()) {
    last = timer;
    ++count;
  }
  timers.deallocate(last);
  const bool is_right = count == Timers::capacity && timers.try_allocate() == last;
  const std::size_t calls = malloc_count() - mallocs_before;
  std::printf("%zu timers in %zu bytes, %zu calls to malloc\n", count, sizeof(timers), calls);
  return is_right && calls == 0 ? 0 : 1;
}
