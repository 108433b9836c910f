// What a stranger writes first: one include, one region, one line of output.

#include <cstdio>

#include "tarn/tarn.hpp"

int main() {
  tarn::Region region;
  auto* request_count = region.make<int>(1);
  std::printf("tarn is installed: %d request, %zu bytes handed out\n", *request_count,
              region.stats().handed_out_bytes);
  return region.owns(request_count, sizeof *request_count) ? 0 : 1;
}
