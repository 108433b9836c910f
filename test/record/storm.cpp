// Allocates and frees as fast as it can, on as many threads as it is told, which give blocks to
// each other; says what it did, for the recording to be held against.
//
//     storm THREADS ROUNDS [DEPTH]
//
// prints "allocations frees reallocations bytes", the sums of all threads, of its own calls.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

struct Counts {
  std::uint64_t allocations = 0, frees = 0, reallocations = 0, bytes = 0;
};

constexpr std::size_t slot_count = 1024;
std::atomic<void*> shared_slots[slot_count];

std::uint64_t next_random(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

void give(void* block, std::uint64_t random, Counts& counts) {
  void* const old = shared_slots[random % slot_count].exchange(block);
  if (old == nullptr) return;
  std::free(old);
  ++counts.frees;
}

void work(Counts& counts, std::uint64_t rounds, std::uint64_t seed) {
  void* kept[64] = {};
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t random = next_random(seed);
    void*& slot = kept[random % 64];
    const std::size_t bytes = random >> 20 & 511;
    if (slot == nullptr) {
      slot = std::malloc(bytes);
      ++counts.allocations;
      counts.bytes += bytes;
    } else if ((random >> 40) % 16 == 0) {
      slot = std::realloc(slot, bytes + 1);
      ++counts.reallocations;
      counts.bytes += bytes + 1;
    } else if ((random >> 44) % 8 == 0) {
      give(slot, random >> 50, counts);
      slot = nullptr;
    } else {
      std::free(slot);
      ++counts.frees;
      slot = nullptr;
    }
  }
}

[[gnu::noinline]] void work_at(int depth, Counts& counts, std::uint64_t rounds,
                               std::uint64_t seed) {
  if (depth == 0) return work(counts, rounds, seed);
  work_at(depth - 1, counts, rounds, seed);
  counts.bytes += 0 * rounds;  // no tail call: the stack shall be deep
  asm volatile("" ::: "memory");
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 3) return 2;
  const auto thread_count = static_cast<std::size_t>(std::atoi(arguments[1]));
  const auto rounds = static_cast<std::uint64_t>(std::atoll(arguments[2]));
  const int depth = argument_count > 3 ? std::atoi(arguments[3]) : 0;
  std::vector<Counts> counts(thread_count);
  {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < thread_count; ++i) {
      threads.emplace_back([&, i] { work_at(depth, counts[i], rounds, 88172645463325252 + i); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  Counts sum;
  for (const Counts& each : counts) {
    sum.allocations += each.allocations;
    sum.frees += each.frees;
    sum.reallocations += each.reallocations;
    sum.bytes += each.bytes;
  }
  std::printf("%llu %llu %llu %llu\n", static_cast<unsigned long long>(sum.allocations),
              static_cast<unsigned long long>(sum.frees),
              static_cast<unsigned long long>(sum.reallocations),
              static_cast<unsigned long long>(sum.bytes));
  return 0;
}
