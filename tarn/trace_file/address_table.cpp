#include "tarn/trace_file/address_table.hpp"

#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/pages.hpp"

namespace tarn::trace {
namespace {

std::uint64_t* map_leaf(std::size_t bytes) {
  void* const pages = reserve_pages(bytes, page_bytes(), PageMode::ordinary).address;
  if (pages == nullptr) out_of_memory(bytes);
  if (!commit_pages(pages, bytes)) {
    release_pages(pages, bytes);
    out_of_memory(bytes);
  }
  refuse_huge_pages(pages, bytes);
  return static_cast<std::uint64_t*>(pages);
}

}  // namespace

AddressTable::~AddressTable() {
  leaves_.for_each([](std::uint64_t, std::uint64_t* leaf) {
    if (leaf != nullptr) release_pages(leaf, mapped_bytes());  // null: there was no memory for it
  });
}

std::size_t AddressTable::mapped_bytes() noexcept {
  return leaf_word_count * sizeof(std::uint64_t) + page_bytes();
}

std::uint64_t* AddressTable::make_leaf(std::uint64_t address) {
  std::uint64_t*& leaf = leaves_.insert(address >> leaf_shift);
  if (leaf == nullptr) leaf = map_leaf(mapped_bytes());
  return find_leaf(address);
}

std::uint64_t* AddressTable::find_leaf(std::uint64_t address) noexcept {
  const std::uint64_t number = address >> leaf_shift;
  std::uint64_t* const* const leaf = leaves_.find(number);
  if (leaf == nullptr || *leaf == nullptr) return nullptr;
  recent_[recent_index_of(number)] = {number, *leaf};
  return *leaf;
}

}  // namespace tarn::trace
