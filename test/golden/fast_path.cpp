// test/golden/fast_path.cpp - one function per hot call of the pools, compiled and never run:
// scripts/fast_path.py counts the instructions of each fast path.

#include <cstddef>
#include <cstdint>
#include <new>

#include "tarn/adapt/region_allocator.hpp"
#include "tarn/arena/arena.hpp"
#include "tarn/buffer/buffer.hpp"
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

void* arena_allocate_constant(tarn::Arena& arena) { return arena.allocate(100); }

void* arena_allocate(tarn::Arena& arena, std::size_t bytes) { return arena.allocate(bytes); }

void* arena_try_allocate(tarn::Arena& arena, std::size_t bytes) {
  return arena.try_allocate(bytes);
}

void arena_deallocate(tarn::Arena& arena, void* block) { arena.deallocate(block); }

void arena_deallocate_sized(tarn::Arena& arena, void* block, std::size_t bytes) {
  arena.deallocate(block, bytes, tarn::fundamental_alignment);
}

std::uint32_t buffer_read(tarn::Buffer& buffer) { return buffer.read_be<std::uint32_t>(); }

void buffer_write(tarn::Buffer& buffer, std::uint32_t value) { buffer.write_be(value); }

void buffer_share(const tarn::Buffer& buffer, void* to) { ::new (to) tarn::Buffer(buffer.share()); }

void buffer_release(tarn::Buffer& buffer) { buffer.release(); }

}  // extern "C"
