// examples/pmr_containers.cpp - how do standard containers and shared pointers live in a region?
//
// Containers are declared after the region, so they end before it. Their destructors still run but
// free nothing; memory a growing vector leaves behind stays in the region until its end, hence
// reserve() where the size is known.

#include <cstdio>
#include <memory>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "tarn/adapt/region_allocator.hpp"
#include "tarn/adapt/region_resource.hpp"
#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "report"});

  // std::pmr: the resource is chosen at run time, and inner containers inherit it.
  tarn::RegionResource resource(region);
  std::pmr::unordered_map<std::pmr::string, std::pmr::vector<int>> index(&resource);
  for (int i = 0; i < 1000; ++i) {
    std::pmr::string word(i % 2 == 0 ? "a word that is too long for the small string" : "short",
                          &resource);
    index[std::move(word)].push_back(i);
  }

  // RegionAllocator: a plain container, no virtual call, the region in its type.
  std::vector<double, tarn::RegionAllocator<double>> samples{tarn::RegionAllocator<double>(region)};
  samples.reserve(1000);
  for (int i = 0; i < 1000; ++i) samples.push_back(i * 0.5);

  // A shared pointer whose object and counts lie in the region: it must not outlive the region.
  const auto shared = std::allocate_shared<std::pmr::string>(
      tarn::RegionAllocator<std::pmr::string>(region), "shared", &resource);

  const tarn::RegionStats stats = region.stats();
  std::printf("%zu keys, %zu samples, one string shared %ld time: %zu bytes in %zu chunks\n",
              index.size(), samples.size(), shared.use_count(), stats.handed_out_bytes,
              stats.chunk_count);
  const bool inside = region.owns(samples.data(), samples.size() * sizeof(double)) &&
                      region.owns(shared.get(), sizeof *shared) &&
                      region.owns(index.begin()->second.data(), sizeof(int));
  return inside && index.size() == 2 && index.at("short").size() == 500 ? 0 : 1;
}
