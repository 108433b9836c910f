// bench/slot_workloads/memory.cpp - a million objects: how much memory they take beyond themselves,
// and how much of it is back in the system when they are gone. By the kernel's books, not by time.
// malloc is not asked: its heap is what the workloads before have made of it.

#include <vector>

#include "bench/slot_workload.hpp"
#include "tarn/os/pages.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t object_count = 1000000;

template <typename P, std::size_t bytes>
void memory(benchmark::State& state) {
  std::vector<void*> objects(object_count);
  double beyond_percent = 0;
  double returned_percent = 0;
  for (auto _ : state) {
    P pool;
    const auto before = static_cast<double>(resident_bytes());
    for (void*& object : objects) {
      object = pool.allocate();
      touch(object);
    }
    const auto full = static_cast<double>(resident_bytes());
    for (void* object : objects) pool.deallocate(object);
    if constexpr (requires { pool.trim(); }) pool.trim();
    const auto after = static_cast<double>(resident_bytes());
    beyond_percent = ((full - before) / (object_count * bytes) - 1) * 100;
    returned_percent = (full - after) / (full - before) * 100;
  }
  set_operations(state, object_count);
  state.counters["beyond_percent"] = beyond_percent;
  state.counters["returned_percent"] = returned_percent;
}

template <std::size_t bytes>
void add_memory_of() {
  const std::string argument = std::to_string(bytes) + " B";
  const auto add_peer = [&]<SlotPeer P>(const std::string& workload) {
    add(workload, argument, P::name, memory<P, bytes>)->Iterations(1);
  };
  add_peer.template operator()<TarnFixedPool<bytes>>("memory, one thread's");
  add_peer.template operator()<TarnSlabCache<bytes>>("memory, any thread's");
}

}  // namespace

void add_memory() {
  add_memory_of<24>();
  add_memory_of<48>();
  add_memory_of<200>();
}

}  // namespace tarn::bench
