// tarn/os/decided_checking.hpp - automatic_checking() without a call, for a pool that is made once
// a request. Apart from checking.hpp, because it needs <atomic> and public headers shall not.
//
// Threads:    any.
// Failure:    as automatic_checking().

#pragma once

#include <atomic>

#include "tarn/base/attributes.hpp"
#include "tarn/os/checking.hpp"

namespace tarn::detail {

// Pairs with itself: threads that decide at the same time decide the same.
extern constinit std::atomic<Checking> decided_checking;

/// As automatic_checking().
TARN_HOT Checking automatic_checking_inline() noexcept {
  const Checking decided = decided_checking.load(std::memory_order_relaxed);
  return decided != Checking::automatic ? decided : automatic_checking();
}

}  // namespace tarn::detail
