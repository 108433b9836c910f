// bench/slot_workloads/objects.cpp - objects whose constructor takes a microsecond, of which nine
// out of ten were there before: an ObjectPool keeps them, malloc makes them anew.

#include <array>
#include <chrono>
#include <memory>

#include "bench/slot_workload.hpp"
#include "tarn/slab/object_pool.hpp"

namespace tarn::bench {
namespace {

class Dear {
 public:
  Dear() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(1);
    while (std::chrono::steady_clock::now() < until) {
    }
  }
  void reset() noexcept { use_count_ = 0; }
  void use() { use_count_ = use_count_ + 1; }

 private:
  volatile int use_count_ = 0;
  std::array<char, 200> filling_;
};

// A hundred at a time, ten times: the first hundred are new.
constexpr std::size_t alive_count = 100;
constexpr std::size_t round_count = 10;

template <typename Make>
[[gnu::noinline]] void use_objects(Make make) {
  for (std::size_t round = 0; round < round_count; ++round) {
    std::array<decltype(make()), alive_count> objects;
    for (auto& object : objects) {
      object = make();
      object->use();
    }
  }
}

void kept(benchmark::State& state) {
  ObjectPool<Dear, ResetByMember> pool;
  for (auto _ : state) {
    use_objects([&] { return pool.make(); });
    pool.trim();  // destroys them all: the next hundred are new
  }
  set_operations(state, alive_count * round_count);
}

void made_anew(benchmark::State& state) {
  for (auto _ : state) use_objects([] { return std::make_unique<Dear>(); });
  set_operations(state, alive_count * round_count);
}

}  // namespace

void add_objects() {
  add("objects", "1 us", "tarn", kept);
  add("objects", "1 us", "malloc", made_anew);
}

}  // namespace tarn::bench
