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

// Ten times so many at a time: the first are new.
constexpr std::size_t round_count = 10;

template <std::size_t alive_count, typename Make>
[[gnu::noinline]] void use_objects(Make make) {
  for (std::size_t round = 0; round < round_count; ++round) {
    std::array<decltype(make()), alive_count> objects;
    for (auto& object : objects) {
      object = make();
      object->use();
    }
  }
}

template <std::size_t alive_count>
void kept(benchmark::State& state) {
  ObjectPool<Dear, ResetByMember> pool;
  for (auto _ : state) {
    use_objects<alive_count>([&] { return pool.make(); });
    pool.trim();  // destroys them all: the next are new
  }
  set_operations(state, alive_count * round_count);
}

template <std::size_t alive_count>
void made_anew(benchmark::State& state) {
  for (auto _ : state) use_objects<alive_count>([] { return std::make_unique<Dear>(); });
  set_operations(state, alive_count * round_count);
}

}  // namespace

void add_objects() {
  add("objects", "10 alive", "tarn", kept<10>);
  add("objects", "10 alive", "malloc", made_anew<10>);
  add("objects", "100 alive", "tarn", kept<100>);
  add("objects", "100 alive", "malloc", made_anew<100>);
}

}  // namespace tarn::bench
