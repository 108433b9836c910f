// tarn/parts/page_tree.hpp - runs of pages, found leftmost first in a full binary tree.
//
//     node 1                     [   0   ]                 one byte a node: the depth at which a
//     node 2, 3              [ 1 ]       [ 1 ]             free run can be found in or below it,
//     node 4 .. 7         [ 2 ] [ 2 ] [ 2 ] [ 2 ]          order + 1 if there is none
//     pages                  0     1     2     3
//
// A node whose byte is its own depth is wholly free; an inner byte is the smaller of its
// children's. Nodes below an allocated one keep the bytes of wholly free nodes. After the buddy
// system of Knowlton (1965). A run whose pages are no power of two is looked for as the next
// one, and its tail is free again at once: five pages are a node of four and one of one.
//
// Threads:    one at a time.
// Failure:    allocate() returns no_page.
// Lifetime:   the bytes of the tree are its user's and outlive it.
// Invariant:  an inner byte is min(left, right), but its own depth where both are wholly free.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tarn {

class PageTree {
 public:
  static constexpr std::uint32_t no_page = UINT32_MAX;

  /// Returns how many bytes a tree over 1 << order pages needs.
  [[nodiscard]] static constexpr std::size_t memory_bytes(unsigned order) noexcept {
    return std::size_t{2} << order;
  }

  /// A tree that can not be used.
  constexpr PageTree() noexcept = default;

  /// A tree over 1 << order free pages in `depths`, memory_bytes(order) of them, which it writes.
  /// Requires: order < 32. O(pages).
  PageTree(std::uint8_t* depths, unsigned order) noexcept;

  /// Returns the first page of the leftmost run of `page_count` pages, at least one, that begins at
  /// a multiple of the next power of two of them and has as many free; no_page if there is none.
  /// O(order).
  [[nodiscard]] std::uint32_t allocate(std::uint32_t page_count) noexcept;

  /// Frees a run that was allocated. O(order), for each one bit in `page_count`.
  void deallocate(std::uint32_t first_page, std::uint32_t page_count) noexcept;

  /// Returns the number of the node that a run of 2^n pages is.
  [[nodiscard]] std::uint32_t node_of(std::uint32_t first_page,
                                      std::uint32_t page_count) const noexcept {
    return ((1u << order_) + first_page) >> std::countr_zero(page_count);
  }

 private:
  // Of no_node too it is a number that can be shifted by.
  [[nodiscard]] static unsigned depth_of(std::uint32_t node) noexcept {
    return static_cast<unsigned>(std::bit_width(node | 1u)) - 1;
  }
  [[nodiscard]] std::uint32_t page_count_of(std::uint32_t node) const noexcept {
    return 1u << (order_ - depth_of(node));
  }
  [[nodiscard]] std::uint8_t full() const noexcept { return static_cast<std::uint8_t>(order_ + 1); }
  void take_front(std::uint32_t node, std::uint32_t page_count) noexcept;
  void free_node(std::uint32_t node) noexcept;
  [[nodiscard]] std::uint8_t free_depth_of_parent(std::uint32_t node) const noexcept;

  std::uint8_t* depths_ = nullptr;
  unsigned order_ = 0;
};

}  // namespace tarn
