// tarn/source/source.hpp - where chunks come from.
//
// Every pool stands on a Source. A source gives chunks and takes them back; a pool asks it once
// per chunk, so the virtual call costs nothing that can be measured. docs/sources.md says which
// source is for what.
//
//     pool  --acquire(bytes, alignment)-->  decorator  -->  decorator  -->  heap, pages, buffer
//           <--chunk or nullptr-----------             <--             <--
//
// Threads:    each source says; one that says nothing is for one thread at a time.
// Failure:    acquire() returns nullptr, also for sizes near SIZE_MAX; the source is as before.
//             A wrong call (zero bytes, an alignment that is no power of two) stops the program
//             with a message.
// Lifetime:   a source outlives the chunks it gave.

#pragma once

#include <cstddef>

namespace tarn {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Returns a chunk of `bytes` bytes aligned to the larger of `alignment` and 16, or nullptr if
  /// there is no more. The contents are unspecified.
  /// Requires: `bytes` > 0, `alignment` a power of two; anything else stops the program.
  [[nodiscard]] void* acquire(std::size_t bytes, std::size_t alignment) noexcept;

  /// Takes `chunk` back; it came from acquire() of this source with the same two numbers.
  void release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept;

 protected:
  // Sources are never deleted through this base: a pool does not own its source.
  ~Source() = default;

 private:
  // Called with checked arguments: `bytes` > 0, `alignment` a power of two of at least 16, and
  // `bytes + alignment` no more than PTRDIFF_MAX, so that rounding up can not wrap.
  [[nodiscard]] virtual void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept = 0;
  virtual void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept = 0;
};

}  // namespace tarn
