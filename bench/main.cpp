// bench/main.cpp - all workloads with all peers, as one Google Benchmark program.
//
// scripts/bench runs it, once by itself and once under each preloaded malloc.

#include "bench/workload.hpp"

int main(int argument_count, char** arguments) {
  tarn::bench::add_request();
  tarn::bench::add_many_per_request();
  tarn::bench::add_bulk();
  tarn::bench::add_growing_array();
  tarn::bench::add_large_free();
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
