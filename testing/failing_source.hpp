// testing/failing_source.hpp - a source that refuses chosen requests, and a loop over which.
//
// Whatever asks a source must survive each of its requests being refused: state unchanged, nothing
// lost. fail_every_acquire() runs a piece of code once for every request it makes.
//
//     run 0:  X              the first request is refused, or a shortage begins with it: X X X ...
//     run 1:  . X            then the second ...
//     run n:  . . . . . .    until no request was left to refuse
//
// Threads:    one at a time.
// Failure:    nullptr for the chosen requests, and whenever the upstream refuses.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tarn/base/check.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/source.hpp"

namespace tarn {

class FailingSource final : public Source {
 public:
  explicit FailingSource(Source& upstream) noexcept : upstream_(upstream) {}

  /// Refuses request number `index`, counted from 0 at construction, and those after it, `count` in
  /// all, instead of what was chosen before; what lies in the past is never refused.
  void fail_at(std::size_t index, std::size_t count = 1) noexcept {
    fail_index_ = index;
    fail_count_ = count;
  }

  /// Counts requests from 0 again, to refuse the same ones as before.
  void begin_again() noexcept {
    acquire_count_ = 0;
    failed_ = false;
  }

  /// Ends a shortage: refuses nothing from now on.
  void recover() noexcept { fail_count_ = 0; }

  /// Returns true once a chosen request has been refused.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

  /// Returns how many requests were made, the refused one included.
  [[nodiscard]] std::size_t acquire_count() const noexcept { return acquire_count_; }

  /// Returns how many chunks are out.
  [[nodiscard]] std::size_t outstanding_count() const noexcept { return outstanding_count_; }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    const std::size_t index = acquire_count_++;
    if (index >= fail_index_ && index - fail_index_ < fail_count_) {
      failed_ = true;
      return nullptr;
    }
    void* chunk = upstream_.acquire(bytes, alignment);
    outstanding_count_ += chunk != nullptr;
    return chunk;
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    TARN_CHECK(outstanding_count_ != 0, "FailingSource::release: no chunk is out, but %p came back",
               chunk);
    outstanding_count_ -= 1;
    upstream_.release(chunk, bytes, alignment);
  }
  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override {
    return upstream_.discard(begin, bytes);
  }

  Source& upstream_;
  std::size_t fail_index_ = 0;
  std::size_t fail_count_ = 0;
  std::size_t acquire_count_ = 0;
  std::size_t outstanding_count_ = 0;
  bool failed_ = false;
};

/// Calls `body(FailingSource&)` with request 0, 1, 2, ... refused, `fail_count` in all from there
/// on, until a run asks for no refused request; returns how many requests that run made. After each
/// run every chunk must be back.
/// Requires: `body` makes the same requests each time, up to the refused one.
template <class Body>
std::size_t fail_every_acquire(Body body, std::size_t fail_count = 1) {
  for (std::size_t index = 0;; ++index) {
    FailingSource source(heap_source());
    source.fail_at(index, fail_count);
    body(source);
    TARN_CHECK(source.outstanding_count() == 0,
               "fail_every_acquire: %zu chunks are lost after request %zu was refused",
               source.outstanding_count(), index);
    if (!source.failed()) return source.acquire_count();
  }
}

/// The same, with a `run(FailingSource&)` that returns what is wrong. Returns the first of that, or
/// an empty string.
template <class Run>
[[nodiscard]] std::string wrong_where_refused(Run run, std::size_t fail_count = 1) {
  std::string wrong;
  fail_every_acquire(
      [&](FailingSource& source) {
        if (wrong.empty()) wrong = run(source);
      },
      fail_count);
  return wrong;
}

}  // namespace tarn
