// tarn/parts/page_tree.hpp - runs of 2^n pages, found leftmost first in a full binary tree.
//
//     node 1                     [   0   ]                 one byte a node: the depth at which a
//     node 2, 3              [ 1 ]       [ 1 ]             free run can be found in or below it,
//     node 4 .. 7         [ 2 ] [ 2 ] [ 2 ] [ 2 ]          order + 1 if there is none
//     pages                  0     1     2     3
//
// A node whose byte is its own depth is wholly free; an inner byte is the smaller of its
// children's. Nodes below an allocated one keep the bytes of wholly free nodes, which is how
// node_of() finds the run of a page. After the buddy system of Knowlton (1965).
//
// Threads:    one at a time; node_of() a page that its caller has allocated needs no care.
// Failure:    allocate() returns no_node.
// Lifetime:   the bytes of the tree are its user's and outlive it.
// Invariant:  an inner byte is min(left, right), but its own depth where both are wholly free.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tarn {

class PageTree {
 public:
  static constexpr std::uint32_t no_node = 0;

  /// Returns how many bytes a tree over 1 << order pages needs.
  [[nodiscard]] static constexpr std::size_t memory_bytes(unsigned order) noexcept {
    return std::size_t{2} << order;
  }

  /// A tree that can not be used.
  constexpr PageTree() noexcept = default;

  /// A tree over 1 << order free pages in `depths`, memory_bytes(order) of them, which it writes.
  /// Requires: order < 32. O(pages).
  PageTree(std::uint8_t* depths, unsigned order) noexcept;

  /// Returns the leftmost free node of this depth (0: all pages, order: one), now allocated, or
  /// no_node. O(order).
  [[nodiscard]] std::uint32_t allocate(unsigned depth) noexcept;

  /// Frees a node that was allocated. O(order).
  void deallocate(std::uint32_t node) noexcept;

  /// Returns the allocated node that `page` lies in, or no_node. O(log of the run's pages).
  [[nodiscard]] std::uint32_t node_of(std::uint32_t page) const noexcept;

  [[nodiscard]] unsigned order() const noexcept { return order_; }
  [[nodiscard]] std::uint32_t first_page(std::uint32_t node) const noexcept {
    return (node ^ (1u << depth_of(node))) << (order_ - depth_of(node));
  }
  [[nodiscard]] std::uint32_t page_count(std::uint32_t node) const noexcept {
    return 1u << (order_ - depth_of(node));
  }
  [[nodiscard]] std::uint32_t leaf(std::uint32_t page) const noexcept {
    return (1u << order_) + page;
  }

 private:
  // Of no_node too it is a number that can be shifted by.
  [[nodiscard]] static unsigned depth_of(std::uint32_t node) noexcept {
    return static_cast<unsigned>(std::bit_width(node | 1u)) - 1;
  }
  [[nodiscard]] std::uint8_t full() const noexcept { return static_cast<std::uint8_t>(order_ + 1); }
  [[nodiscard]] std::uint8_t free_depth_of_parent(std::uint32_t node) const noexcept;

  std::uint8_t* depths_ = nullptr;
  unsigned order_ = 0;
};

}  // namespace tarn
