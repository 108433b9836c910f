// test/golden/fast_path.cpp - one function per hot call of the pools, compiled and never run:
// scripts/fast_path.py counts the instructions of each fast path.

#include <cstddef>

#include "tarn/adapt/region_allocator.hpp"
#include "tarn/region/region.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace {

struct Point {
  double x;
  double y;
};

}  // namespace

extern "C" {

void* allocate_constant(tarn::Region& region) { return region.allocate(16); }

void* allocate_run_time(tarn::Region& region, std::size_t bytes) { return region.allocate(bytes); }

void* allocate_alignment_1(tarn::Region& region, std::size_t bytes) {
  return region.allocate(bytes, 1);
}

void* allocate_alignment_64(tarn::Region& region, std::size_t bytes) {
  return region.allocate(bytes, 64);
}

void* try_allocate(tarn::Region& region, std::size_t bytes) { return region.try_allocate(bytes); }

bool try_extend(tarn::Region& region, void* block, std::size_t bytes, std::size_t new_bytes) {
  return region.try_extend(block, bytes, new_bytes);
}

Point* make_trivial(tarn::Region& region, double x, double y) { return region.make<Point>(x, y); }

int* allocator_allocate(tarn::RegionAllocator<int>& allocator, std::size_t count) {
  return allocator.allocate(count);
}

void* fixed_pool_allocate(tarn::FixedPool& pool) { return pool.allocate(); }

void* fixed_pool_try_allocate(tarn::FixedPool& pool) { return pool.try_allocate(); }

void fixed_pool_deallocate(tarn::FixedPool& pool, void* block) { pool.deallocate(block); }

void* slab_cache_allocate(tarn::SlabCache& cache) { return cache.allocate(); }

void* slab_cache_try_allocate(tarn::SlabCache& cache) { return cache.try_allocate(); }

void slab_cache_deallocate(tarn::SlabCache& cache, void* block) { cache.deallocate(block); }

}  // extern "C"
