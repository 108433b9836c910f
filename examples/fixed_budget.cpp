// examples/fixed_budget.cpp - can a program run in a fixed amount of memory, without the heap?
//
// All chunks are cut from one static buffer. When it is used up the region refuses, stays usable,
// and after a reset the next message has the whole budget again.

#include <cstddef>
#include <cstdio>

#include "examples/count_mallocs.hpp"
#include "tarn/region/region.hpp"
#include "tarn/source/fixed_source.hpp"

namespace {

alignas(64) std::byte budget[64 * 1024];

struct Sample {
  Sample* previous;
  double value;
};

// Keeps samples until the memory is used up; returns how many there was room for.
std::size_t fill(tarn::Region& region) {
  std::size_t sample_count = 0;
  Sample* newest = nullptr;
  while (auto* sample = region.try_make<Sample>(newest, 1.5)) {
    newest = sample;
    ++sample_count;
  }
  double sum = 0;
  for (const Sample* sample = newest; sample != nullptr; sample = sample->previous) {
    sum += sample->value;
  }
  return sum == 1.5 * static_cast<double>(sample_count) ? sample_count : 0;
}

}  // namespace

int main() {
  const std::size_t mallocs_before = malloc_count();
  tarn::FixedSource source(budget, sizeof budget);
  tarn::Region region(
      {.name = "message", .source = &source, .first_chunk_bytes = 4096, .chunk_bytes_max = 4096});
  std::size_t sample_counts[3];
  bool inside = true;
  for (std::size_t& sample_count : sample_counts) {
    sample_count = fill(region);
    inside = inside && region.stats().reserved_bytes <= sizeof budget;
    region.reset(tarn::Retain::nothing());
  }
  const std::size_t calls = malloc_count() - mallocs_before;

  std::printf("room for %zu, %zu, %zu samples in %zu bytes; %zu calls to malloc\n",
              sample_counts[0], sample_counts[1], sample_counts[2], sizeof budget, calls);
  // The same room each time: nothing was lost to fragmentation or a leak.
  const bool steady = sample_counts[0] == sample_counts[1] && sample_counts[1] == sample_counts[2];
  return inside && steady && sample_counts[0] > 500 && calls == 0 ? 0 : 1;
}
