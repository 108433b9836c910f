#include "tarn/arena/subpage.hpp"

namespace tarn::detail {

void SubpagePool::begin(Subpage& subpage, std::uint32_t slot_bytes,
                        std::size_t page_bytes) noexcept {
  subpage.slot_bytes = slot_bytes;
  subpage.capacity = slot_bytes == 0 ? 1 : static_cast<std::uint32_t>(page_bytes / slot_bytes);
  subpage.available = subpage.capacity;
  subpage.next_slot = 0;
  subpage.bitmap().clear(subpage.capacity);
  push(subpage);
}

std::uint32_t SubpagePool::take(Subpage& subpage) noexcept {
  if (subpage.slot_bytes == 0) return 0;
  std::uint32_t slot = subpage.next_slot;
  if (slot == SlotBitmap::no_slot) slot = subpage.bitmap().find_free(subpage.capacity);
  subpage.next_slot = SlotBitmap::no_slot;
  subpage.bitmap().take(slot);
  if (--subpage.available == 0) remove(subpage);
  return slot;
}

bool SubpagePool::free(Subpage& subpage, std::uint32_t slot) noexcept {
  if (subpage.slot_bytes == 0) return false;
  subpage.put_back(slot);
  if (subpage.available == 1) {
    push(subpage);
    return false;
  }
  if (subpage.available != subpage.capacity) return false;
  const bool is_alone = newest() == &subpage && subpage.next == nullptr;
  if (is_alone) return false;
  remove(subpage);
  return true;
}

void SubpagePool::set_leaving(Subpage& subpage, bool is_leaving) noexcept {
  remove(subpage);
  subpage.is_leaving = is_leaving;
  push(subpage);
}

void SubpagePool::leave(Subpage& subpage) noexcept {
  if (subpage.available != 0) remove(subpage);
}

void SubpagePool::join(Subpage& subpage) noexcept {
  if (subpage.available != 0) push(subpage);
}

Subpage* SubpagePool::take_idle() noexcept {
  Subpage* subpage = newest();
  while (subpage != nullptr &&
         (subpage->slot_bytes == 0 || subpage->available != subpage->capacity)) {
    subpage = subpage->next;
  }
  if (subpage != nullptr) remove(*subpage);
  return subpage;
}

void SubpagePool::push(Subpage& subpage) noexcept {
  Subpage*& newest = newest_[subpage.is_leaving];
  subpage.previous = nullptr;
  subpage.next = newest;
  if (newest != nullptr) newest->previous = &subpage;
  newest = &subpage;
}

void SubpagePool::remove(Subpage& subpage) noexcept {
  Subpage*& newest = newest_[subpage.is_leaving];
  (subpage.previous != nullptr ? subpage.previous->next : newest) = subpage.next;
  if (subpage.next != nullptr) subpage.next->previous = subpage.previous;
}

}  // namespace tarn::detail
