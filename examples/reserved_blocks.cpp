// Question: how does a step that must not fail get its memory?
//
// It takes it before it begins. Moving an account between two lists must not stop half way: the
// nodes are put aside first, the one place that may fail.

#include <cstdio>

#include "tarn/slab/slab_reserve.hpp"

namespace {

bool move_account(tarn::SlabCache& nodes) {
  tarn::SlabReserve reserve(nodes);
  if (!reserve.try_fill(2)) return false;  // nothing has happened yet

  // From here on nothing can fail.
  void* const entry = reserve.take();
  void* const record = reserve.take();
  nodes.deallocate(entry);
  nodes.deallocate(record);
  return true;
}

}  // namespace

int main() {
  tarn::SlabCache nodes(64, {.name = "nodes"});
  const bool has_moved = move_account(nodes);
  std::puts(has_moved ? "moved" : "not moved");
  return has_moved ? 0 : 1;
}
