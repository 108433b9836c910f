// bench/arena_draw.cpp - writes the workloads with blocks of any size into files, for programs that
// do not draw them: arena_memory and Netty.
//
//     arena_draw FOLDER TIDE_STEPS
//
//     FOLDER/workloads   a line for each: file, threads, live set, name/argument
//     FOLDER/0 ...       their steps; arena_steps.hpp says how
//     FOLDER/rise, fall  the steps of a tide

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "bench/arena_steps.hpp"

int main(int argument_count, char** arguments) {
  using namespace tarn::bench;
  if (argument_count != 3) {
    std::fprintf(stderr, "usage: arena_draw FOLDER TIDE_STEPS\n");
    return 2;
  }
  const std::string folder = std::string(arguments[1]) + "/";
  std::ofstream list(folder + "workloads");
  std::size_t file = 0;
  for (const ArenaWorkload& workload : arena_workloads()) {
    write_steps(folder + std::to_string(file), workload.steps);
    list << file++ << ' ' << workload.thread_count << ' ' << workload.live_count << ' '
         << workload.name << '/' << workload.argument << '\n';
  }
  const Tide tide = draw_tide(std::strtoul(arguments[2], nullptr, 10));
  write_steps(folder + "rise", tide.rise);
  write_steps(folder + "fall", tide.fall);
  return list.flush() ? 0 : 1;
}
