// test/failing_heap/failing_heap.hpp - the heap of the library itself, refusing chosen requests.
//
//     caches, lists, batches, magazines, tables --> heap_source() --> FailingSource --> the heap
//     chunks, slabs                             --> a source that refuses nothing
//
// The linker sends every call of heap_source() to a function of this program's. What is refused is
// then what the library asks of the heap for itself: what its pools can do without.
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <thread>

#include "testing/failing_source.hpp"

namespace tarn {

/// While it lives, heap_source() is another.
class HeapReplacement {
 public:
  explicit HeapReplacement(Source& heap) noexcept;
  ~HeapReplacement();

  HeapReplacement(const HeapReplacement&) = delete;
  HeapReplacement& operator=(const HeapReplacement&) = delete;
};

/// Calls `body(const FailingSource& heap)` on a thread of its own with request 0, 1, 2, ... to the
/// heap refused, `fail_count` in all from there on, until a run asks for no refused request;
/// returns how many requests that run made. After each, with its thread ended, all must be back.
/// Requires: as fail_every_acquire().
template <class Body>
std::size_t fail_every_heap_request(Body body, std::size_t fail_count = 1) {
  return fail_every_acquire(
      [&](FailingSource& heap) {
        const HeapReplacement replacement(heap);
        std::thread([&] { body(heap); }).join();
      },
      fail_count);
}

}  // namespace tarn
