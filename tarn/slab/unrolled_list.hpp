// tarn/slab/unrolled_list.hpp - free blocks in a list that lies in one of several of them.
//
//     newest_ --> | older | block | block | ... |      a free block that names others
//                     |
//                     +--> | older | block | block | ... | --> null
//
// A list through every free block reads each to find the next: of blocks that were freed in random
// order, each read misses the cache and waits for the one before. Here a whole node is found at
// once, and the other blocks in it are not touched.
//
// Threads:    one at a time.
// Failure:    none.
// Lifetime:   the blocks are the caller's; those that are nodes are written to.
// Invariant:  a node stands for itself and names `blocks_per_node() - 1` others.

#pragma once

#include <cstddef>

namespace tarn::detail {

class UnrolledList {
 public:
  /// Of blocks that have room for `blocks_per_node` pointers, and are aligned to one's size.
  explicit UnrolledList(std::size_t blocks_per_node) noexcept : blocks_per_node_(blocks_per_node) {}

  [[nodiscard]] std::size_t blocks_per_node() const noexcept { return blocks_per_node_; }

  /// Takes the blocks of a node.
  void push(void* const* blocks) noexcept {
    void** const node = static_cast<void**>(blocks[0]);
    node[0] = newest_;
    // Not std::copy: a call for so few costs more than they do.
    for (std::size_t index = 1; index < blocks_per_node_; ++index) node[index] = blocks[index];
    newest_ = node;
  }

  /// Stores the blocks of the node pushed last in their order; returns false if there is none.
  [[nodiscard]] bool try_pop(void** blocks) noexcept {
    void** const node = newest_;
    if (node == nullptr) return false;
    newest_ = static_cast<void**>(node[0]);
    __builtin_prefetch(newest_);  // the next that is read
    blocks[0] = node;
    for (std::size_t index = 1; index < blocks_per_node_; ++index) blocks[index] = node[index];
    return true;
  }

  /// O(nodes).
  [[nodiscard]] std::size_t block_count() const noexcept {
    std::size_t count = 0;
    for (void** node = newest_; node != nullptr; node = static_cast<void**>(node[0])) {
      count += blocks_per_node_;
    }
    return count;
  }

 private:
  void** newest_ = nullptr;
  std::size_t blocks_per_node_;
};

}  // namespace tarn::detail
