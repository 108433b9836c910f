// bench/slots_main.cpp - blocks of one size, all workloads with all peers, as one Google Benchmark
// program. scripts/bench runs it, once by itself and once under each preloaded malloc.

#include "bench/slot_workload.hpp"

int main(int argument_count, char** arguments) {
  tarn::bench::add_pairs();
  tarn::bench::add_random_order();
  tarn::bench::add_threads();
  tarn::bench::add_objects();
  tarn::bench::add_memory();
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
