// examples/sources_stacked.cpp - where does a region's memory come from, and who decides?
//
// A source of whole pages, wrapped in a limit, wrapped in a cache of chunks: two regions that
// follow each other use the same memory, and the second asks the system for nothing.

#include <cstddef>
#include <cstdio>

#include "tarn/region/region.hpp"
#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/limited_source.hpp"
#include "tarn/source/mapped_source.hpp"

int main() {
  tarn::MappedSource pages({.mode = tarn::PageMode::transparent_huge});
  tarn::LimitedSource limited(pages, std::size_t{64} << 20);  // 64 MiB and no more
  tarn::ChunkCache cache(limited);                            // few system calls

  for (int request = 0; request < 2; ++request) {
    tarn::Region region({.name = "request", .source = &cache});
    *region.make<int>() = request;
  }
  const tarn::ChunkCacheStats stats = cache.stats();
  const bool refused = cache.acquire(std::size_t{65} << 20, 16) == nullptr;

  std::printf("chunks from the system: %zu, again from the cache: %zu; 65 MiB are refused: %s\n",
              stats.miss_count, stats.hit_count, refused ? "yes" : "no");
  return stats.hit_count != 0 && stats.hit_count == stats.miss_count && refused ? 0 : 1;
}
