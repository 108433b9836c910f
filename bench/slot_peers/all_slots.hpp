// bench/slot_peers/all_slots.hpp - the competitors for blocks of one size.

#pragma once

#include "bench/slot_peers/standard_slots.hpp"
#include "bench/slot_peers/tarn_slots.hpp"
#if TARN_BENCH_BOOST_POOL
#include "bench/slot_peers/boost_slots.hpp"
#endif
#if TARN_BENCH_FOONATHAN
#include "bench/slot_peers/foonathan_slots.hpp"
#endif
#if TARN_BENCH_TBB
#include "bench/slot_peers/tbb_slots.hpp"
#endif

namespace tarn::bench {

/// Calls `visit.operator()<P>()` for each peer that one thread can use.
template <std::size_t bytes, typename Visit>
void for_each_single_peer(Visit visit) {
  visit.template operator()<TarnFixedPool<bytes>>();
  visit.template operator()<HandWrittenList<bytes>>();
  visit.template operator()<MallocSlots<bytes>>();
  visit.template operator()<UnsynchronizedPool<bytes>>();
#if TARN_BENCH_BOOST_POOL
  visit.template operator()<BoostPool<bytes>>();
  visit.template operator()<BoostObjectPool<bytes>>();
#endif
#if TARN_BENCH_FOONATHAN
  visit.template operator()<FoonathanPool<bytes>>();
#endif
}

/// Calls `visit.operator()<P>()` for each peer that any thread can use.
template <std::size_t bytes, typename Visit>
void for_each_shared_peer(Visit visit) {
  visit.template operator()<TarnSlabCache<bytes>>();
  visit.template operator()<MallocSlots<bytes>>();
  visit.template operator()<SynchronizedPool<bytes>>();
#if TARN_BENCH_TBB
  visit.template operator()<TbbSlots<bytes>>();
#endif
}

}  // namespace tarn::bench
