// bench/arena_workloads/maps.cpp - a hash table with 10 000 entries, of which a random one goes for
// each that comes: its nodes are blocks of a std::pmr::memory_resource.

#include <array>
#include <memory_resource>
#include <unordered_map>

#include "bench/arena_workload.hpp"
#include "tarn/arena/arena.hpp"
#include "testing/workloads.hpp"

namespace tarn::bench {
namespace {

// A session, say: 64 bytes with the node around it.
using Value = std::array<char, 48>;
using Map = std::pmr::unordered_map<std::uint64_t, Value>;

constexpr std::size_t entry_count = 10000;
constexpr std::size_t step_count = 20000;

// Slots are keys.
std::span<const Step> changes() {
  static const Steps steps = steps_of(
      live_set_workload(entry_count, step_count, sizeof(Value), sizeof(Value), workload_seed));
  return steps;
}

[[gnu::noinline]] void change(Map& map, std::span<const Step> steps) {
  for (const Step step : steps) {
    map.erase(step.slot);
    touch(map.try_emplace(step.slot).first->second.data(), sizeof(Value));
  }
}

class TarnMemory {
 public:
  static constexpr const char* name = "tarn";
  std::pmr::memory_resource* get() { return &arena_; }

 private:
  Arena arena_;
};

class MallocMemory {
 public:
  static constexpr const char* name = "malloc";
  std::pmr::memory_resource* get() { return std::pmr::new_delete_resource(); }
};

class UnsynchronizedMemory {
 public:
  static constexpr const char* name = "pmr";
  std::pmr::memory_resource* get() { return &resource_; }

 private:
  std::pmr::unsynchronized_pool_resource resource_;
};

class SynchronizedMemory {
 public:
  static constexpr const char* name = "pmr sync";
  std::pmr::memory_resource* get() { return &resource_; }

 private:
  std::pmr::synchronized_pool_resource resource_;
};

/// A list of free nodes: the floor.
class HandWrittenMemory : std::pmr::memory_resource {
 public:
  static constexpr const char* name = "list";
  std::pmr::memory_resource* get() { return this; }

 private:
  struct Link {
    Link* next;
  };
  static constexpr std::size_t node_bytes = 64;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes != node_bytes || first_ == nullptr) return upstream_.allocate(bytes, alignment);
    return std::exchange(first_, first_->next);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    if (bytes == node_bytes) first_ = ::new (block) Link{first_};
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::monotonic_buffer_resource upstream_;
  Link* first_ = nullptr;
};

template <typename M>
void churn(benchmark::State& state) {
  M memory;
  Map map(entry_count, memory.get());
  change(map, changes().first(entry_count));
  for (auto _ : state) change(map, changes().subspan(entry_count));
  set_operations(state, step_count);
}

template <typename M>
void add_map() {
  add("arena map", std::to_string(entry_count), M::name, churn<M>);
}

}  // namespace

void add_maps() {
  add_map<TarnMemory>();
  add_map<MallocMemory>();
  add_map<UnsynchronizedMemory>();
  add_map<SynchronizedMemory>();
  add_map<HandWrittenMemory>();
}

}  // namespace tarn::bench
