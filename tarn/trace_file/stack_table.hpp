// tarn/trace_file/stack_table.hpp - all call stacks of a program as one tree.
//
//     stack 1: main         stack 2: handle, called from 1       stack 4: parse, called from 2
//                           stack 3: log, called from 1
//
// A stack is the number of its innermost call; following `caller` to 0 gives the outer ones. Real
// programs have up to 300 000 stacks of 60 calls, which share most of them.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc.
// Invariant:  a stack's caller has a smaller number; no two stacks have both in common.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tarn::trace {

struct StackCall {
  std::uint32_t caller = 0;   // the stack it was called from; 0: from nowhere
  std::uint32_t depth = 0;    // calls in the stack
  std::uint64_t address = 0;  // where it returns to
};

class StackTable {
 public:
  StackTable();

  /// Returns the number of the stack, a new one if need be; 0, "not known", if that would be one
  /// more than definition_count_max or deeper than stack_depth_max. Requires: caller <= count().
  /// O(1).
  std::uint32_t add(std::uint32_t caller, std::uint64_t address);

  /// How many there are; they are numbered from 1.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(calls_.size() - 1);
  }

  /// The innermost call of a stack; of a number that is none, one from nowhere to nowhere.
  [[nodiscard]] const StackCall& operator[](std::uint32_t stack) const noexcept {
    return calls_[stack < calls_.size() ? stack : 0];
  }

 private:
  [[nodiscard]] bool is(std::uint32_t stack, std::uint32_t caller,
                        std::uint64_t address) const noexcept;
  [[nodiscard]] std::size_t home_of(std::uint32_t caller, std::uint64_t address) const noexcept;
  [[nodiscard]] std::size_t next_of(std::size_t slot) const noexcept;
  [[nodiscard]] std::size_t find_slot(std::uint32_t caller, std::uint64_t address) const noexcept;
  void grow();

  std::vector<StackCall> calls_;  // [0] is nobody's
  std::vector<std::uint32_t>
      slots_;  // open addressing; 0: empty. A power of two, half full at most
};

}  // namespace tarn::trace
