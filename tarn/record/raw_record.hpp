// tarn/record/raw_record.hpp - what a recorded thread writes: events of two or three words.
//
//     bit  63                              8        0
//          +-------------------------------+--------+
//          | stamp                         | kind   |
//          +----------+--------------------+--------+
//          | words    | address                     |    words: how many of a stack follow
//          +----------+-----------------------------+
//          | shift    | bytes                       |    of what has a size; shift: alignment
//          +----------+-----------------------------+
//          | stack: see StackWord, then addresses   |
//          +----------------------------------------+
//
// A stack is written as the difference to the one that the same thread wrote before: how many of
// its outermost calls are the same ones, then the others, its tail, the innermost first. A tail of
// a few calls gets a slot, and as long as no other one has got that slot, the slot stands for it.
//
// Threads:    plain values.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::record {

// A reallocation is two events: its old block may be given to another thread before it returns.
enum class RawKind : std::uint8_t {
  allocate = 1,
  allocate_zeroed,
  deallocate,
  reallocate_begin,  // of the old block, before
  reallocate_end,    // of the block that came back, after; address 0: refused, or freed
  module,            // address: where code begins; its words in place of a stack: see ModuleWords
  scope_begin,       // address: its number; its name in place of a stack: see text_bytes_max
  scope_end,         // address: its number
  phase,             // its name in place of a stack
  thread_begin,      // no event of the program's; address: the system's number for the thread; the
                     // name that the thread has in place of a stack
  thread_name,       // the same, the number is 0 for the thread's own
};

inline constexpr unsigned stamp_shift = 8;
inline constexpr unsigned upper_shift = 48;  // addresses of programs have 47 bits
inline constexpr unsigned alignment_upper_shift = 56;
inline constexpr std::uint64_t address_mask = (std::uint64_t{1} << upper_shift) - 1;
inline constexpr std::uint64_t bytes_mask = (std::uint64_t{1} << alignment_upper_shift) - 1;

/// Of a text in place of a stack, filled up with zeros to a word.
inline constexpr std::size_t text_bytes_max = 255;

/// Whether it is one, whatever a record says.
[[nodiscard]] constexpr bool is_kind(RawKind kind) noexcept {
  return kind >= RawKind::allocate && kind <= RawKind::thread_name;
}

[[nodiscard]] constexpr bool has_bytes(RawKind kind) noexcept {
  constexpr unsigned with_bytes = 1u << static_cast<unsigned>(RawKind::allocate) |
                                  1u << static_cast<unsigned>(RawKind::allocate_zeroed) |
                                  1u << static_cast<unsigned>(RawKind::reallocate_end);
  return (with_bytes >> (static_cast<unsigned>(kind) & 31) & 1) != 0;
}

/// Whether it has a stack, where stacks are recorded. Of a reallocation the end has it.
[[nodiscard]] constexpr bool has_stack(RawKind kind) noexcept {
  return kind != RawKind::reallocate_begin;
}

/// Code of a file, as the words of a record.
struct ModuleWords {
  std::uint64_t bytes;
  std::uint64_t file_offset;
  std::uint32_t build_id_bytes;
  std::uint32_t path_bytes;
  unsigned char build_id[24];
  // and the path, filled up to a word

  static constexpr std::size_t fixed_count = 6;
};
static_assert(sizeof(ModuleWords) == 8 * ModuleWords::fixed_count);

/// Deeper stacks are cut.
inline constexpr std::size_t stack_call_count_max = 512;

/// Tails with a slot have so many calls.
inline constexpr std::size_t tail_call_count_max = 6;
inline constexpr std::size_t tail_set_count = 128;
inline constexpr std::size_t tail_way_count = 4;  // of each set
inline constexpr std::size_t tail_slot_count = tail_set_count * tail_way_count;

/// The first word of a stack.
struct StackWord {
  std::uint32_t shared_count;  // calls of the stack before, outermost first, that are here as well
  std::uint32_t is_cut;        // 1: what called the outermost call is not known
  std::uint32_t tail = 0;      // 1 and more: the slot that gets the calls behind this word, or
                               // that has them if there are none

  [[nodiscard]] std::uint64_t pack() const noexcept {
    return std::uint64_t{tail} << 32 | (std::uint64_t{shared_count} << 1 & UINT32_MAX) | is_cut;
  }
  [[nodiscard]] static StackWord unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word & UINT32_MAX) >> 1,
            static_cast<std::uint32_t>(word & 1), static_cast<std::uint32_t>(word >> 32)};
  }
};

}  // namespace tarn::record
