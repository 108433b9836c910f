// bench/peers/all.hpp - the competitors of one run, each in every size it is usually given.
//
// A peer that comes in several sizes is measured in each; its best one counts, workload by
// workload (scripts/bench).

#pragma once

#include "bench/peers/bump.hpp"
#include "bench/peers/malloc.hpp"
#include "bench/peers/monotonic.hpp"
#include "bench/peers/tarn_region.hpp"
#if TARN_BENCH_APR
#include "bench/peers/apr.hpp"
#endif
#if TARN_BENCH_FOONATHAN
#include "bench/peers/foonathan.hpp"
#endif
#if TARN_BENCH_NGINX
#include "bench/peers/nginx.hpp"
#endif
#if TARN_BENCH_PROTOBUF
#include "bench/peers/protobuf.hpp"
#endif

namespace tarn::bench {

/// Calls `visit.operator()<P>()` for each peer P.
template <typename Visit>
void for_each_peer(Visit visit) {
  visit.template operator()<TarnRegion>();
  visit.template operator()<Malloc>();
  visit.template operator()<Bump<4096>>();
  visit.template operator()<Bump<16384>>();
  visit.template operator()<Bump<65536>>();
  visit.template operator()<Monotonic<0>>();
  visit.template operator()<Monotonic<4096>>();
  visit.template operator()<Monotonic<65536>>();
#if TARN_BENCH_APR
  visit.template operator()<Apr>();
#endif
#if TARN_BENCH_FOONATHAN
  visit.template operator()<Foonathan<4096>>();
  visit.template operator()<Foonathan<16384>>();
  visit.template operator()<Foonathan<65536>>();
#endif
#if TARN_BENCH_NGINX
  visit.template operator()<Nginx<4096>>();
  visit.template operator()<Nginx<16384>>();
#endif
#if TARN_BENCH_PROTOBUF
  visit.template operator()<Protobuf<0>>();
  visit.template operator()<Protobuf<4096>>();
#endif
}

}  // namespace tarn::bench
