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

/// Returns the source that caches chunks per thread.
[[nodiscard]] Source& thread_cached_source() noexcept;

/// Returns the source of a pool that was told none: thread_cached_source().
[[nodiscard]] inline Source& default_source() noexcept { return thread_cached_source(); }

/// Gives the calling thread's cached chunks back to the heap; for a thread about to wait for long.
void drain_thread_cache() noexcept;

/// Returns the numbers of the calling thread's cache; all 0 if it has none. O(bins).
[[nodiscard]] ChunkCacheStats thread_cache_stats() noexcept;

}  // namespace tarn
