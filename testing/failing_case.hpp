// testing/failing_case.hpp - a case that fails becomes the smallest one that fails, as a file.
//
//     run --> wrong, or the process dies --> smaller cases, each in a child --> <name> in a folder
//
// Whatever way it fails - a message, TARN_CHECK, a throw, a signal, a sanitizer's report, never
// coming to an end, but not a stack overflow, which leaves no stack to tell on - what is left of it
// is saved in the folder for temporary files (TEST_TMPDIR, or /tmp). Put it into test/traces/ with
// the repair, and a test runs it for ever.
//
// Threads:    one at a time.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tarn {

// Telling allocates in a signal handler. What is handled comes from a check or a pool and hardly
// ever from inside malloc, so this works; ThreadSanitizer forbids it all the same.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool tells_before_death = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool tells_before_death = false;
#else
inline constexpr bool tells_before_death = true;
#endif
#else
inline constexpr bool tells_before_death = true;
#endif

/// Returns what is wrong, or an empty string.
using CaseRun = std::function<std::string()>;

/// Returns what `run` returns, and, if that is something, what `tell` says of it. Should the
/// process die in `run`, `tell` is printed before it does, if `tells_before_death`; it dies of what
/// `run` throws, and of SIGALRM if it does not return.
[[nodiscard]] std::string check_case(const CaseRun& run, const CaseRun& tell) noexcept;

/// Returns true if `run` finds something wrong, dies or takes ten seconds, in a process of its own
/// whose standard error goes nowhere.
[[nodiscard]] bool fails_in_child(const CaseRun& run);

/// Saves the text of a case that fails as `file_name`, and says so on standard error: whoever stops
/// the search for a smaller one has it.
void save_failing(const std::string& file_name, const std::string& text);

/// Saves the text of the smallest case known by now as `file_name`, and returns what to tell of it.
[[nodiscard]] std::string save_smallest(const std::string& file_name, const std::string& text);

/// The smallest list found in a minute for which `fails` holds, by leaving out what it can do
/// without, of which `repair(list)` keeps what makes sense.
/// Requires: fails(parts).
template <typename Part, typename Repair, typename Fails>
[[nodiscard]] std::vector<Part> smallest_failing(std::vector<Part> parts, Repair repair,
                                                 Fails fails) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (std::size_t step = std::max<std::size_t>(parts.size() / 2, 1); step != 0;) {
    bool is_smaller = false;
    std::size_t begin = parts.size();
    while (begin != 0) {
      if (std::chrono::steady_clock::now() > deadline) return parts;
      std::vector<Part> smaller = parts;
      const std::size_t end = std::min(begin, parts.size());
      begin = end > step ? end - step : 0;
      smaller.erase(smaller.begin() + static_cast<std::ptrdiff_t>(begin),
                    smaller.begin() + static_cast<std::ptrdiff_t>(end));
      smaller = repair(smaller);
      if (!fails(smaller)) continue;
      parts = std::move(smaller);
      is_smaller = true;
    }
    if (!is_smaller || step > 1) step /= 2;
  }
  return parts;
}

}  // namespace tarn
