// Pools and their blocks. Most pools of nginx never outgrow the chunk they are created with: all of
// such a pool is its head and a cursor. A pool that overflows gets a Region for what comes after.
//
//     head.d.next --> Region, in a chunk of its own; d.last and d.end then move in the Region's
//     head.large  --> up to four large blocks in a list, as a connection has; more: the Region's
//
// When checking, the pool's own chunk is its head alone, and every block is the Region's.

#include <algorithm>
#include <cstring>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/c/ngx_names.hpp"
#include "tarn/c/ngx_report.hpp"
#include "tarn/region/region.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/thread_cache.hpp"

static_assert(sizeof(ngx_pool_t) == 80 && offsetof(ngx_pool_t, d.last) == 0 &&
                  offsetof(ngx_pool_t, d.end) == 8 && offsetof(ngx_pool_t, d.next) == 16 &&
                  offsetof(ngx_pool_t, d.failed) == 24 && offsetof(ngx_pool_t, max) == 32 &&
                  offsetof(ngx_pool_t, current) == 40 && offsetof(ngx_pool_t, chain) == 48 &&
                  offsetof(ngx_pool_t, large) == 56 && offsetof(ngx_pool_t, cleanup) == 64 &&
                  offsetof(ngx_pool_t, log) == 72,
              "the layout of nginx's pool on 64-bit machines");
static_assert(sizeof(ngx_pool_cleanup_t) == 24 && sizeof(ngx_pool_cleanup_file_t) == 24);

// One large block. nginx's node begins with the same two words.
struct ngx_pool_large_s {
  ngx_pool_large_s* next;
  void* block;  // null: free for the next large block
  std::size_t bytes;
};

namespace tarn::ngx {
namespace {

constexpr std::size_t pool_bytes_min = 112;  // nginx's NGX_MIN_POOL_SIZE
constexpr std::size_t pool_bytes_max = SIZE_MAX / 4;
constexpr std::size_t small_bytes_max = 4095;  // nginx: a page less one
constexpr std::size_t listed_count_max = 4;

bool is_checking() noexcept { return automatic_checking() != Checking::off; }

Source& source() noexcept {
  return automatic_checking() == Checking::passthrough ? heap_source() : default_source();
}

unsigned char* own_end(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<unsigned char*>(const_cast<ngx_pool_t*>(pool)) + pool->d.failed;
}

void stand_in_own_chunk(ngx_pool_t* pool) noexcept {
  pool->d.last = reinterpret_cast<unsigned char*>(pool + 1);
  pool->d.end = own_end(pool);
}

Region* region_of(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<Region*>(pool->d.next);
}

// A quarter of its second chunk holds what pool->max calls small, so that only the Region's first
// chunk may be met by a block that it would otherwise take for a large one.
Region* make_region(ngx_pool_t* pool) noexcept {
  void* const memory = source().acquire(sizeof(Region), alignof(Region));
  if (memory == nullptr) return nullptr;
  const std::size_t first_bytes = std::max(2 * pool->d.failed, std::size_t{256});
  auto* const region = new (memory)
      Region({.name = "nginx pool",
              .first_chunk_bytes = first_bytes,
              .chunk_bytes_max = std::max(2 * first_bytes, RegionOptions{}.chunk_bytes_max)});
  pool->d.next = reinterpret_cast<ngx_pool_t*>(region);
  ++counts.overflowed_count;
  return region;
}

Region* region_for(ngx_pool_t* pool) noexcept {
  Region* const region = region_of(pool);
  return region != nullptr ? region : make_region(pool);
}

// Out of the pool's own chunk, or on to the Region's next one.
TARN_SLOW void* allocate_in_region(ngx_pool_t* pool, std::size_t bytes,
                                   std::size_t alignment) noexcept {
  Region* const region = region_for(pool);
  if (region == nullptr) return refuse(pool->log, bytes);
  if (pool->d.end != own_end(pool)) region->move_cursor(reinterpret_cast<std::byte*>(pool->d.last));
  void* const block = region->try_allocate(bytes, alignment);
  if (block == nullptr) return refuse(pool->log, bytes);
  const Region::Room room = region->room();
  pool->d.last = reinterpret_cast<unsigned char*>(room.first);
  pool->d.end = reinterpret_cast<unsigned char*>(room.limit);
  return block;
}

// d.end is a multiple of 16, so the aligned cursor is never beyond it.
TARN_HOT void* allocate_small(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) noexcept {
  const auto start = align_up(reinterpret_cast<std::uintptr_t>(pool->d.last), alignment);
  if (bytes > reinterpret_cast<std::uintptr_t>(pool->d.end) - start) [[unlikely]]
    return allocate_in_region(pool, bytes, alignment);
  pool->d.last = reinterpret_cast<unsigned char*>(start + bytes);
  return reinterpret_cast<void*>(start);
}

void* allocate_aligned(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= fundamental_alignment) return allocate_small(pool, bytes, alignment);
  const auto start = align_up(reinterpret_cast<std::uintptr_t>(pool->d.last), alignment);
  const auto end = reinterpret_cast<std::uintptr_t>(pool->d.end);
  if (start > end || bytes > end - start) return allocate_in_region(pool, bytes, alignment);
  pool->d.last = reinterpret_cast<unsigned char*>(start + bytes);
  return reinterpret_cast<void*>(start);
}

// Returns a free node of the list; nullptr if all it may have are in use, or for want of memory.
ngx_pool_large_s* listed_large(ngx_pool_t* pool) noexcept {
  std::size_t count = 0;
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block == nullptr) return node;
    ++count;
  }
  if (count == listed_count_max) return nullptr;
  void* const memory = allocate_small(pool, sizeof(ngx_pool_large_s), alignof(ngx_pool_large_s));
  if (memory == nullptr) return nullptr;
  return pool->large = new (memory) ngx_pool_large_s{pool->large, nullptr, 0};
}

TARN_SLOW void* allocate_large(ngx_pool_t* pool, std::size_t bytes,
                               std::size_t alignment) noexcept {
  ngx_pool_large_s* node = nullptr;
  void* block = nullptr;
  if (alignment <= fundamental_alignment && !is_checking()) node = listed_large(pool);
  if (node != nullptr) {
    block = source().acquire(bytes, fundamental_alignment);
    node->block = block;
    node->bytes = bytes;
  } else if (Region* const region = region_for(pool)) {
    block = region->try_allocate_large(bytes, alignment);
  }
  if (block == nullptr) return refuse(pool->log, bytes);
  ++counts.large_count;
  return block;
}

TARN_HOT void* allocate(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes <= pool->max) [[likely]]
    return allocate_small(pool, bytes, alignment);
  return allocate_large(pool, bytes, fundamental_alignment);
}

// The size of a type is a multiple of its alignment: 16 is needed only where 16 divides it.
TARN_HOT std::size_t alignment_for(std::size_t bytes) noexcept {
  return (bytes & 15) == 0 ? 16 : 8;
}

void release_listed(ngx_pool_large_s* node) noexcept {
  source().release(node->block, node->bytes, fundamental_alignment);
  node->block = nullptr;
}

void end_blocks(ngx_pool_t* pool) noexcept {
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block != nullptr) release_listed(node);
  }
  pool->large = nullptr;
  pool->chain = nullptr;
}

// Off the list first: a handler may add to it.
void run_cleanups(ngx_pool_t* pool) noexcept {
  while (ngx_pool_cleanup_t* const cleanup = pool->cleanup) {
    pool->cleanup = cleanup->next;
    if (cleanup->handler != nullptr) cleanup->handler(cleanup->data);
  }
}

}  // namespace
}  // namespace tarn::ngx

using namespace tarn;

extern "C" {

ngx_pool_t* tarn_ngx_create_pool(std::size_t bytes, ngx_log_t* log) {
  ngx::begin_statistics();
  if (bytes > ngx::pool_bytes_max) return static_cast<ngx_pool_t*>(ngx::refuse(log, bytes));
  bytes = align_up(std::max(bytes, ngx::pool_bytes_min), fundamental_alignment);
  const std::size_t own_bytes = ngx::is_checking() ? sizeof(ngx_pool_t) : bytes;
  void* const chunk = ngx::source().acquire(own_bytes, fundamental_alignment);
  if (chunk == nullptr) return static_cast<ngx_pool_t*>(ngx::refuse(log, bytes));
  auto* const pool = new (chunk) ngx_pool_t;
  pool->d.next = nullptr;
  pool->d.failed = own_bytes;
  pool->max = std::min(bytes - sizeof(ngx_pool_t), ngx::small_bytes_max);
  pool->current = pool;
  pool->chain = nullptr;
  pool->large = nullptr;
  pool->cleanup = nullptr;
  pool->log = log;
  ngx::stand_in_own_chunk(pool);
  ++ngx::counts.created_count;
  return pool;
}

void tarn_ngx_destroy_pool(ngx_pool_t* pool) {
  ngx::run_cleanups(pool);
  ngx::end_blocks(pool);
  if (Region* const region = ngx::region_of(pool)) {
    region->~Region();
    ngx::source().release(region, sizeof(Region), alignof(Region));
  }
  ++ngx::counts.destroyed_count;
  ngx::source().release(pool, pool->d.failed, fundamental_alignment);
}

void tarn_ngx_reset_pool(ngx_pool_t* pool) {
  ngx::run_cleanups(pool);
  ngx::end_blocks(pool);
  if (Region* const region = ngx::region_of(pool)) region->reset();
  ngx::stand_in_own_chunk(pool);
  ++ngx::counts.reset_count;
}

void* tarn_ngx_palloc(ngx_pool_t* pool, std::size_t bytes) {
  return ngx::allocate(pool, bytes, ngx::alignment_for(bytes));
}

void* tarn_ngx_pnalloc(ngx_pool_t* pool, std::size_t bytes) {
  return ngx::allocate(pool, bytes, 1);
}

void* tarn_ngx_pcalloc(ngx_pool_t* pool, std::size_t bytes) {
  void* const block = ngx::allocate(pool, bytes, ngx::alignment_for(bytes));
  return block != nullptr ? std::memset(block, 0, bytes) : nullptr;
}

void* tarn_ngx_pmemalign(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) {
  if (!is_power_of_two(alignment)) return nullptr;
  if (bytes > pool->max) return ngx::allocate_large(pool, bytes, alignment);
  return ngx::allocate_aligned(pool, bytes, alignment);
}

ngx_int_t tarn_ngx_pfree(ngx_pool_t* pool, void* block) {
  if (block == nullptr) return NGX_DECLINED;
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block != block) continue;
    ngx::release_listed(node);
    ++ngx::counts.freed_count;
    return NGX_OK;
  }
  Region* const region = ngx::region_of(pool);
  // A checking Region would stop the program for a pointer that nginx may well ask about.
  if (region == nullptr || (ngx::is_checking() && !region->owns(block, 0))) return NGX_DECLINED;
  if (!region->deallocate_large(block)) return NGX_DECLINED;
  ++ngx::counts.freed_count;
  return NGX_OK;
}

tarn_ngx_pool_stats tarn_ngx_stats_of_pool(const ngx_pool_t* pool) {
  tarn_ngx_pool_stats stats = {pool->d.failed, 0, 1, 0, 0};
  if (const Region* const region = ngx::region_of(pool)) {
    const RegionStats more = region->stats();
    stats.reserved_bytes += more.reserved_bytes + sizeof(Region);
    stats.free_bytes += more.free_bytes;
    stats.chunk_count += more.chunk_count;
    stats.large_count += more.large_count;
    if (pool->d.end != ngx::own_end(pool)) {
      // The Region has not been told yet how far its room was used.
      const Region::Room room = region->room();
      stats.free_bytes -= static_cast<std::size_t>(room.limit - room.first);
    }
  }
  stats.free_bytes += static_cast<std::size_t>(pool->d.end - pool->d.last);
  for (const ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block == nullptr) continue;
    stats.reserved_bytes += node->bytes;
    ++stats.large_count;
  }
  for (const ngx_pool_cleanup_t* cleanup = pool->cleanup; cleanup != nullptr;
       cleanup = cleanup->next) {
    ++stats.cleanup_count;
  }
  return stats;
}

}  // extern "C"

TARN_NGX_NAMES(create_pool);
TARN_NGX_NAMES(destroy_pool);
TARN_NGX_NAMES(reset_pool);
TARN_NGX_NAMES(palloc);
TARN_NGX_NAMES(pnalloc);
TARN_NGX_NAMES(pcalloc);
TARN_NGX_NAMES(pmemalign);
TARN_NGX_NAMES(pfree);
