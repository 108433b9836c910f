// examples/region_on_stack.cpp - can a short function use a region without any heap?
//
// A StackRegion carries its first chunk inside itself. What fits needs no source at all; what does
// not fit spills over to the source, unless a limit forbids it.

#include <cstdio>
#include <string_view>

#include "examples/count_mallocs.hpp"
#include "tarn/region/stack_region.hpp"
#include "tarn/region/text.hpp"

namespace {

struct Point {
  double x;
  double y;
};

// Returns the bytes of the line; every piece of it lives on the stack.
std::size_t describe(const Point* points, std::size_t point_count) {
  tarn::StackRegion<2048> region;
  std::string_view line = "";
  for (std::size_t i = 0; i < point_count; ++i) {
    line = tarn::format(region, "%s(%.1f, %.1f) ", line.data(), points[i].x, points[i].y);
  }
  return line.size();
}

}  // namespace

int main() {
  constexpr Point points[] = {{0, 0}, {1, 0.5}, {2, 2}};
  const std::size_t mallocs_before = malloc_count();
  const std::size_t line_bytes = describe(points, 3);
  const std::size_t calls = malloc_count() - mallocs_before;

  tarn::StackRegion<1024> strict({.name = "strict", .reserved_bytes_max = 0});
  const bool fits = strict.try_allocate(256) != nullptr;
  const bool refused = strict.try_allocate(4096) == nullptr;

  tarn::StackRegion<1024> lenient;
  const bool spilled = lenient.try_allocate(4096) != nullptr && lenient.stats().large_count == 1;

  std::printf("a line of %zu bytes took %zu calls to malloc\n", line_bytes, calls);
  std::printf("256 bytes fit: %s; 4096 more: %s; without the limit: %s\n", fits ? "yes" : "no",
              refused ? "refused" : "given", spilled ? "from the heap" : "?");
  return line_bytes == 33 && calls == 0 && fits && refused && spilled ? 0 : 1;
}
