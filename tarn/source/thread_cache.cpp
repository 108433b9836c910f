#include "tarn/source/thread_cache.hpp"

#include <atomic>
#include <cstddef>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn {
namespace {

// Constant-initialised, so that the fast path is a load and a compare. initial-exec: also in a
// shared library its address is no call. It takes 8 of the 1664 bytes that glibc keeps for all
// thread-local variables of such libraries, loaded late: the cache itself, of 896, is on the heap.
[[gnu::tls_model("initial-exec")]] constinit thread_local ChunkCache* this_cache = nullptr;
// Pairs with itself: a cache that begins just then has the one bound or the other.
constinit std::atomic<std::size_t> cache_bytes_max{ChunkCacheOptions{}.bytes_max};
constinit thread_local bool thread_is_ending = false;

void release_memory(void* cache) noexcept {
  heap_source().release(cache, sizeof(ChunkCache), alignof(ChunkCache));
}

void end_cache(void* cache) noexcept {
  this_cache = nullptr;
  thread_is_ending = true;
  static_cast<ChunkCache*>(cache)->~ChunkCache();
  release_memory(cache);
}

ChunkCache* start_cache() noexcept {
  if (thread_is_ending) return nullptr;
  void* const memory = heap_source().acquire(sizeof(ChunkCache), alignof(ChunkCache));
  if (memory == nullptr) return nullptr;
  if (run_at_thread_exit(end_cache, memory)) {
    const std::size_t bytes_max = cache_bytes_max.load(std::memory_order_relaxed);
    return this_cache = new (memory) ChunkCache(heap_source(), {.bytes_max = bytes_max});
  }
  release_memory(memory);
  return nullptr;
}

// The two without a cache yet, or any more. In tail position, so that the way with one saves no
// register.
TARN_COLD void* first_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  if (ChunkCache* cache = start_cache()) return cache->take(bytes, alignment);
  return ChunkCache::acquire_from(heap_source(), bytes, alignment);
}
TARN_COLD void first_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  if (ChunkCache* cache = start_cache()) return cache->give(chunk, bytes, alignment);
  ChunkCache::release_to(heap_source(), chunk, bytes, alignment);
}

}  // namespace

constinit ThreadCachedSource detail::the_thread_cached_source;

void* ThreadCachedSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  ChunkCache* const cache = this_cache;
  if (cache == nullptr) [[unlikely]]
    return first_acquire(bytes, alignment);
  return cache->take(bytes, alignment);
}

void ThreadCachedSource::do_release(void* chunk, std::size_t bytes,
                                    std::size_t alignment) noexcept {
  ChunkCache* const cache = this_cache;
  if (cache == nullptr) [[unlikely]]
    return first_release(chunk, bytes, alignment);
  cache->give(chunk, bytes, alignment);
}

void limit_thread_caches(std::size_t bytes_max) noexcept {
  cache_bytes_max.store(bytes_max, std::memory_order_relaxed);
  if (this_cache != nullptr) this_cache->limit(bytes_max);
}

void drain_thread_cache() noexcept {
  if (this_cache != nullptr) this_cache->drain();
}

ChunkCacheStats thread_cache_stats() noexcept {
  return this_cache != nullptr ? this_cache->stats() : ChunkCacheStats{};
}

}  // namespace tarn
