#include "tarn/arena/page_map.hpp"

#include "tarn/source/mapped_source.hpp"

namespace tarn::detail {
namespace {

constinit MappedSource leaf_source;

}  // namespace

bool PageMap::try_cover(const void* address) noexcept {
  static_assert(sizeof(Entry) == 1 && Entry::is_always_lock_free);
  const std::size_t number = reinterpret_cast<std::uintptr_t>(address) >> 32;
  if (number >= leaf_count) return false;
  // Pairs with the exchange below: whoever finds the leaf of another thread writes to it next.
  if (leaves[number].load(std::memory_order_acquire) != nullptr) return true;
  void* const memory = leaf_source.acquire(entry_count, alignof(Entry));
  if (memory == nullptr) return false;
  Entry* none = nullptr;
  auto* const leaf = static_cast<Entry*>(memory);
  if (!leaves[number].compare_exchange_strong(none, leaf, std::memory_order_acq_rel)) {
    leaf_source.release(memory, entry_count, alignof(Entry));  // another thread was faster
  }
  return true;
}

void PageMap::set_class(const void* pages, std::size_t bytes, unsigned size_class) noexcept {
  Entry* const first = &entry_of(pages);
  for (std::size_t index = 0; index < bytes / page_bytes; ++index) {
    first[index].store(static_cast<std::uint8_t>(size_class + 1), std::memory_order_relaxed);
  }
}

void PageMap::set_leaving(const void* pages, std::size_t bytes, bool leaving) noexcept {
  Entry* const first = &entry_of(pages);
  for (std::size_t index = 0; index < bytes / page_bytes; ++index) {
    const std::uint8_t entry = first[index].load(std::memory_order_relaxed);
    if (entry == 0) continue;
    const auto staying = static_cast<std::uint8_t>(entry & ~leaving_bit);
    first[index].store(leaving ? staying | leaving_bit : staying, std::memory_order_relaxed);
  }
}

}  // namespace tarn::detail
