// examples/region_per_thread.cpp - how do workers use regions without sharing or locking anything?
//
// Each thread has one region for its whole life and resets it after each task. What a long task
// needed beyond 64 KiB goes back at its end, so one giant task does not make the worker fat.

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "tarn/region/region.hpp"

namespace {

constexpr unsigned worker_count = 4;
constexpr unsigned task_count = 1000;
constexpr std::size_t retained_bytes = 64 * 1024;

tarn::Region& task_region() {
  thread_local tarn::Region region({.name = "task"});
  return region;
}

// Counts primes up to `limit` with a sieve that lives in the worker's region.
unsigned count_primes(unsigned limit) {
  bool* composite = task_region().make_array<bool>(limit + 1);
  unsigned count = 0;
  for (unsigned i = 2; i <= limit; ++i) {
    if (composite[i]) continue;
    ++count;
    for (unsigned k = i + i; k <= limit; k += i) composite[k] = true;
  }
  return count;
}

struct alignas(64) Worker {
  unsigned primes = 0;
  std::size_t held_bytes_max = 0;

  void run(unsigned first_task) {
    for (unsigned task = first_task; task < task_count; task += worker_count) {
      primes += count_primes(task % 101 == 0 ? 200000 : 100);  // now and then a giant
      task_region().reset(tarn::Retain::at_most(retained_bytes));
      held_bytes_max = std::max(held_bytes_max, task_region().stats().reserved_bytes);
    }
  }
};

}  // namespace

int main() {
  std::vector<Worker> workers(worker_count);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < worker_count; ++i) {
    threads.emplace_back([&workers, i] { workers[i].run(i); });
  }
  for (std::thread& thread : threads) thread.join();

  unsigned primes = 0;
  bool right = true;
  for (const Worker& worker : workers) {
    std::printf("worker: %u primes, never held more than %zu bytes between tasks\n", worker.primes,
                worker.held_bytes_max);
    primes += worker.primes;
    right = right && worker.held_bytes_max <= retained_bytes;
  }
  return right && primes == 10 * 17984 + 990 * 25 ? 0 : 1;
}
