// bench/arena_main.cpp - blocks of any size, all workloads with all peers that are C++, as one
// Google Benchmark program. scripts/bench runs it, once by itself and once under each preloaded
// malloc.

#include "bench/arena_workload.hpp"

int main(int argument_count, char** arguments) {
  tarn::bench::add_live_sets();
  tarn::bench::add_hand_over();
  tarn::bench::add_maps();
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
