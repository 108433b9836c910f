// bench/arena_memory.cpp - how much memory a peer holds for what is alive, after millions of
// operations in which the live set rose ten times as high and fell again.
//
//     arena_memory PEER FOLDER IDLE_SECONDS
//
//     alive  ^      . peak
//            |    .   .
//            |  .       .         idle: after IDLE_SECONDS without an operation
//            |.           ._____.__.
//            +---------------------------> time
//                              idle later: a thousand steps after that
//
// FOLDER is what arena_draw wrote. At each of these moments a line is printed: its name, the bytes
// alive, those the peer has reserved (0: it does not say) and those resident for it.
//
// One process for each peer: what is resident is by the kernel's books, and all of it is its own.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <thread>

#include "bench/arena_peers/all_arenas.hpp"
#include "bench/arena_steps.hpp"
#include "tarn/os/pages.hpp"

namespace tarn::bench {
namespace {

struct Slot {
  void* block = nullptr;
  std::size_t bytes = 0;
};

template <typename P>
class Holding {
 public:
  explicit Holding(const Tide& tide) : tide_(tide), slots_(slot_count(tide.rise)) {}

  void run(std::size_t idle_seconds) {
    take(tide_.rise);
    print("peak");
    take(tide_.fall);
    std::this_thread::sleep_for(std::chrono::seconds(idle_seconds));
    print("idle");
    take(std::span(tide_.fall).last(1000));
    print("later");
  }

 private:
  static std::size_t slot_count(const Steps& rise) {
    std::uint32_t last = 0;
    for (const Step step : rise) last = std::max(last, step.slot);
    return last + std::size_t{1};
  }

  // Each block is filled, as its user would: all of it is resident.
  void take(std::span<const Step> steps) {
    for (const Step step : steps) {
      Slot& slot = slots_[step.slot];
      pool_.deallocate(slot.block);
      slot = {step.bytes == 0 ? nullptr : pool_.allocate(step.bytes), step.bytes};
      if (slot.bytes != 0) std::memset(slot.block, 1, slot.bytes);
    }
  }

  void print(const char* moment) const {
    std::size_t live_bytes = 0;
    for (const Slot& slot : slots_) live_bytes += slot.bytes;
    std::printf("%s %zu %zu %zu\n", moment, live_bytes, pool_.reserved_bytes(),
                resident_bytes() - resident_before_);
  }

  const Tide& tide_;
  std::vector<Slot> slots_;
  std::size_t resident_before_ = resident_bytes();
  P pool_;
};

}  // namespace
}  // namespace tarn::bench

int main(int argument_count, char** arguments) {
  using namespace tarn::bench;
  if (argument_count != 4) {
    std::fprintf(stderr, "usage: arena_memory PEER FOLDER IDLE_SECONDS\n");
    return 2;
  }
  const std::string folder = std::string(arguments[2]) + "/";
  const Tide tide{read_steps(folder + "rise"), read_steps(folder + "fall")};
  for_each_arena_peer([&]<ArenaPeer P>() {
    if (std::string_view(arguments[1]) != P::name) return;
    Holding<P>(tide).run(std::strtoul(arguments[3], nullptr, 10));
  });
}
