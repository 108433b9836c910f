#include "tarn/parts/page_tree.hpp"

#include <algorithm>

namespace tarn {

PageTree::PageTree(std::uint8_t* depths, unsigned order) noexcept : depths_(depths), order_(order) {
  for (std::uint32_t node = 1; node < memory_bytes(order); ++node) {
    depths_[node] = static_cast<std::uint8_t>(depth_of(node));
  }
}

std::uint32_t PageTree::allocate(std::uint32_t page_count) noexcept {
  const auto run_order = static_cast<unsigned>(std::bit_width(page_count - 1));
  if (run_order > order_ || depths_[1] > order_ - run_order) return no_page;
  const unsigned depth = order_ - run_order;
  std::uint32_t node = 1;
  while (depth_of(node) < depth) {
    node *= 2;
    if (depths_[node] > depth) node += 1;
  }
  take_front(node, page_count);
  return (node << run_order) - (1u << order_);
}

// Takes the first pages of a wholly free node.
void PageTree::take_front(std::uint32_t node, std::uint32_t page_count) noexcept {
  while (page_count < page_count_of(node)) {
    node *= 2;
    if (page_count <= page_count_of(node)) continue;
    depths_[node] = full();
    page_count -= page_count_of(node);
    node += 1;
  }
  depths_[node] = full();
  for (std::uint32_t below = node; below > 1; below /= 2) {
    depths_[below / 2] = std::min(depths_[below], depths_[below ^ 1]);
  }
}

// Largest part first, which is how take_front() went.
void PageTree::deallocate(std::uint32_t first_page, std::uint32_t page_count) noexcept {
  while (page_count != 0) {
    const std::uint32_t part_count = std::bit_floor(page_count);
    free_node(node_of(first_page, part_count));
    first_page += part_count;
    page_count -= part_count;
  }
}

void PageTree::free_node(std::uint32_t node) noexcept {
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

}  // namespace tarn
