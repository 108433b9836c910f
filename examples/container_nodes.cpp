// Question: how do the nodes of standard containers come from a pool of one size?
//
// A std::list or std::map allocates nodes of one size, one by one. PoolAllocator takes them from a
// pool; what does not fit, such as the buckets of a hash table, comes from the heap. PoolResource
// does the same for std::pmr containers.

#include <cstdio>
#include <list>
#include <map>
#include <memory_resource>
#include <string>

#include "tarn/adapt/pool_allocator.hpp"
#include "tarn/adapt/pool_resource.hpp"
#include "tarn/slab/fixed_pool.hpp"

int main() {
  using Pool = tarn::FixedPool;
  Pool list_nodes(tarn::node_bytes_max<int>, alignof(int*), {.name = "list nodes"});
  std::list<int, tarn::PoolAllocator<int, Pool>> numbers(list_nodes);
  for (int number = 0; number < 100; ++number) numbers.push_front(number);

  Pool map_nodes(128, {.name = "map nodes"});
  tarn::PoolResource<Pool> resource(map_nodes);
  std::pmr::map<int, std::pmr::string> names(&resource);
  names[7] = "a name that is too long for the string itself";

  std::printf("%zu list nodes, %zu map nodes and strings\n", numbers.size(), names.size() + 1);
  return list_nodes.owns(&numbers.front()) && map_nodes.owns(&names[7]) ? 0 : 1;
}
