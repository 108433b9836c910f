// tarn/os/futex.hpp - sleeping on a word of memory, which processes may share.
//
// Threads:    any, of any process that has mapped the word.
// Failure:    none: whoever wakes looks at the word again, whatever woke it.

#pragma once

#include <atomic>
#include <cstdint>

namespace tarn {

/// Sleeps while `word` holds `value`, until it is woken or `timeout_ns` have passed. May also
/// return for no reason.
void sleep_while(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                 std::uint64_t timeout_ns) noexcept;

/// Wakes all who sleep on `word`. Costs a system call also if there is nobody.
void wake_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace tarn
