// tarn/trial/contender.hpp - the allocators that a trace can be run against, by their names.
//
//     glibc       the C library's malloc             tarn-arena     Arena
//     jemalloc    libjemalloc.so.2                   tarn-slabs     a SlabCache for each small size
//     mimalloc    libmimalloc.so.2                   pmr            std::pmr, for several threads
//     tcmalloc    libtcmalloc_minimal.so.4           pmr-1-thread   std::pmr, for one thread
//     tbbmalloc   libtbbmalloc_proxy.so.2            tarn-region    a Region for each pool or scope
//     NAME=PATH   any library with a malloc()
//
// A library is looked for beside the C library, then where what was built on this machine is.
//
// Threads:    pure functions, but for looking at files.
// Failure:    an Error that says which names there are, or which package has the library.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trial/outcome.hpp"
#include "tarn/trial/plan.hpp"

namespace tarn::trial {

struct Contender {
  std::string name;
  std::string library;  // what is loaded in front of the C library; empty: nothing
  PoolKind pool = PoolKind::heap;
};

/// The contender of that name, or of NAME=PATH.
[[nodiscard]] Result<Contender> find_contender(std::string_view name);

/// Empty, or why the contender can not run such a plan, and what to do.
[[nodiscard]] std::string objection_to(const Contender& contender, const PlanCounts& plan);

/// All whose libraries this machine has, and that can run such a plan.
[[nodiscard]] std::vector<Contender> contenders_here(const PlanCounts& plan);

}  // namespace tarn::trial
