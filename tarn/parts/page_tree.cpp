#include "tarn/parts/page_tree.hpp"

#include <algorithm>

namespace tarn {

PageTree::PageTree(std::uint8_t* depths, unsigned order) noexcept : depths_(depths), order_(order) {
  depths_[no_node] = full();
  for (std::uint32_t node = 1; node < memory_bytes(order); ++node) {
    depths_[node] = static_cast<std::uint8_t>(depth_of(node));
  }
}

std::uint32_t PageTree::allocate(unsigned depth) noexcept {
  if (depths_[1] > depth) return no_node;
  std::uint32_t node = 1;
  while (depth_of(node) < depth) {
    node *= 2;
    if (depths_[node] > depth) node += 1;
  }
  depths_[node] = full();
  for (std::uint32_t below = node; below > 1; below /= 2) {
    depths_[below / 2] = std::min(depths_[below], depths_[below ^ 1]);
  }
  return node;
}

void PageTree::deallocate(std::uint32_t node) noexcept {
  depths_[node] = static_cast<std::uint8_t>(depth_of(node));
  for (; node > 1; node /= 2) depths_[node / 2] = free_depth_of_parent(node);
}

// Two wholly free buddies are one free node again.
std::uint8_t PageTree::free_depth_of_parent(std::uint32_t node) const noexcept {
  const auto depth = static_cast<std::uint8_t>(depth_of(node));
  const std::uint8_t lower = std::min(depths_[node], depths_[node ^ 1]);
  const bool both_free = depths_[node] == depth && depths_[node ^ 1] == depth;
  return both_free ? static_cast<std::uint8_t>(depth - 1) : lower;
}

// The byte of no_node, above the root, ends the walk.
std::uint32_t PageTree::node_of(std::uint32_t page) const noexcept {
  std::uint32_t node = leaf(page);
  while (depths_[node] != full()) node /= 2;
  return node;
}

}  // namespace tarn
