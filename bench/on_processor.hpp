// bench/on_processor.hpp - keeps a thread on a processor of its own while it is measured.
//
// Where two threads run is the scheduler's choice. On one processor they take turns, and a block
// handed over is still in its cache; on two, each block comes from the other's. The first takes a
// fifth of the time of the second, so that a ratio of two peers would say which had which.
//
// Threads:    the one that makes it.
// Failure:    where the process may use fewer processors than asked for, the thread stays free.
// Lifetime:   until it ends, the thread runs there; afterwards wherever the process may.

#pragma once

#include <sched.h>

namespace tarn::bench {

class OnProcessor {
 public:
  /// The processors that the process may use are numbered from 0.
  explicit OnProcessor(int number) noexcept {
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (CPU_ISSET(processor, &allowed()) && number-- == 0) run_on(processor);
    }
  }
  ~OnProcessor() { sched_setaffinity(0, sizeof(cpu_set_t), &allowed()); }

  OnProcessor(const OnProcessor&) = delete;
  OnProcessor& operator=(const OnProcessor&) = delete;

 private:
  // Asked once: a thread inherits the place of the one that begins it.
  static const cpu_set_t& allowed() noexcept {
    static const cpu_set_t processors = [] {
      cpu_set_t all;
      CPU_ZERO(&all);
      sched_getaffinity(0, sizeof all, &all);
      return all;
    }();
    return processors;
  }
  static void run_on(int processor) noexcept {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
};

}  // namespace tarn::bench
