// tarn/source/thread_cache.hpp - the default source: the heap, behind a chunk cache per thread.
//
//     thread 1 --> its ChunkCache --+
//     thread 2 --> its ChunkCache --+--> heap        a chunk acquired by one thread may be
//     thread 3 (ending) ------------+                released by another: it changes caches
//
// The source itself is stateless, so nothing can outlive it. A thread's cache begins with the
// thread's first use and is drained when the thread ends. Thread-local and static objects that are
// destroyed even later are served by the heap directly.
//
// Threads:    any, without a lock or an atomic; after a fork the child goes on with the cache
//             of the thread that forked.
// Failure:    nullptr when the heap refuses even after this thread's cache has been drained.

#pragma once

#include "tarn/source/source.hpp"

namespace tarn {

struct ChunkCacheStats;  // tarn/source/chunk_cache.hpp

class ThreadCachedSource final : public Source {
 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
};

namespace detail {
// Here, and of a final class, so that who names it calls its functions directly.
extern constinit ThreadCachedSource the_thread_cached_source;
}  // namespace detail

/// Returns the source that caches chunks per thread.
[[nodiscard]] inline ThreadCachedSource& thread_cached_source() noexcept {
  return detail::the_thread_cached_source;
}

/// Returns the source of a pool that was told none: thread_cached_source().
[[nodiscard]] inline ThreadCachedSource& default_source() noexcept {
  return thread_cached_source();
}

/// Bounds what the cache of the calling thread keeps, having emptied it, and the caches of threads
/// that do not have one yet: for a process that shall stay small after its busiest moment. 16 MiB
/// each at first.
void limit_thread_caches(std::size_t bytes_max) noexcept;

/// Gives the calling thread's cached chunks back to the heap; for a thread about to wait for long.
void drain_thread_cache() noexcept;

/// Returns the numbers of the calling thread's cache; all 0 if it has none. O(bins).
[[nodiscard]] ChunkCacheStats thread_cache_stats() noexcept;

}  // namespace tarn
