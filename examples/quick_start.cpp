// examples/quick_start.cpp - what does tarn look like? README.md begins with this program.

#include <cstdio>
#include <memory_resource>
#include <vector>

#include "tarn/tarn.hpp"

int main() {
  tarn::Region request({.name = "request"});  // costs nothing until it is used

  int* lengths = request.make_array<int>(2);                         // no free to forget
  std::string_view line = tarn::format(request, "GET /%d.html", 7);  // text that stays
  tarn::RegionResource resource(request);                            // for any std::pmr container
  std::pmr::vector<std::string_view> lines({line, "Host: example.org"}, &resource);
  request.add_cleanup([](void*) noexcept { std::puts("the request is over"); }, nullptr);

  for (std::size_t i = 0; i < 2; ++i) lengths[i] = static_cast<int>(lines[i].size());
  std::printf("%d and %d characters, %zu bytes in all\n", lengths[0], lengths[1],
              request.stats().handed_out_bytes);
  return lengths[0] == 11 && lengths[1] == 17 ? 0 : 1;
}  // all of it ends here: cleanups first, then the memory, which waits for the next region
