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
//             with a message. discard() returns 0 where memory can not go back before its chunk.
// Lifetime:   a source outlives the chunks it gave.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"

namespace tarn {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Returns a chunk of `bytes` bytes aligned to the larger of `alignment` and 16, or nullptr if
  /// there is no more. The contents are unspecified.
  /// Requires: `bytes` > 0, `alignment` a power of two; anything else stops the program.
  [[nodiscard]] void* acquire(std::size_t bytes, std::size_t alignment) noexcept {
    TARN_CHECK(bytes != 0, "Source::acquire: 0 bytes asked for; a chunk has at least one");
    TARN_CHECK(is_power_of_two(alignment), "Source::acquire: alignment %zu is not a power of two",
               alignment);
    alignment = alignment < fundamental_alignment ? fundamental_alignment : alignment;
    // No object is larger than half the address space. Refused here, such sizes reach no source,
    // and none of them can wrap when it adds a header or rounds up.
    constexpr std::size_t bytes_max = PTRDIFF_MAX;
    if (alignment > bytes_max || bytes > bytes_max - alignment) return nullptr;
    return do_acquire(bytes, alignment);
  }

  /// Takes `chunk` back; it came from acquire() of this source with the same two numbers.
  void release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
    TARN_CHECK(chunk != nullptr,
               "Source::release: a null chunk; only what acquire() gave goes back");
    TARN_CHECK(bytes != 0, "Source::release: chunk %p with 0 bytes; pass the acquired size", chunk);
    TARN_CHECK(is_power_of_two(alignment),
               "Source::release: alignment %zu of chunk %p is not a power of two", alignment,
               chunk);
    do_release(chunk, bytes, alignment < fundamental_alignment ? fundamental_alignment : alignment);
  }

  /// Gives the memory behind part of a chunk back, and leaves the addresses with the caller: what
  /// was written there is lost, and memory arrives anew where it is written again. Returns how many
  /// bytes went back: those of the whole pages of the system in the range, or 0 if this source can
  /// not tell memory from addresses; then nothing has changed.
  /// Requires: the range lies in one chunk that is out, and `bytes` > 0.
  [[nodiscard]] std::size_t discard(void* begin, std::size_t bytes) noexcept {
    TARN_CHECK(begin != nullptr && bytes != 0,
               "Source::discard: %zu bytes at %p are no part of a chunk", bytes, begin);
    return do_discard(begin, bytes);
  }

 protected:
  // Sources are never deleted through this base: a pool does not own its source.
  ~Source() = default;

 private:
  // Called with checked arguments: `bytes` > 0, `alignment` a power of two of at least 16, and
  // `bytes + alignment` no more than PTRDIFF_MAX, so that rounding up can not wrap.
  [[nodiscard]] virtual void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept = 0;
  virtual void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept = 0;
  [[nodiscard]] virtual std::size_t do_discard(void*, std::size_t) noexcept { return 0; }
};

}  // namespace tarn
