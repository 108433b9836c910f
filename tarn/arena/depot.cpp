#include "tarn/arena/depot.hpp"

#include <algorithm>
#include <utility>

namespace tarn::detail {

FreeBlock* Depot::take(unsigned size_class) noexcept {
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  FullList* const list = shelf.newest;
  if (list == nullptr) return nullptr;
  shelf.newest = list->next_list;
  shelf.count -= 1;
  shelf.unneeded_count = std::min(shelf.unneeded_count, shelf.count);
  return list;
}

bool Depot::put(unsigned size_class, FreeBlock* list, std::uint32_t count_max) noexcept {
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  if (shelf.count >= count_max) return false;
  FreeBlock* const second = list->next;
  shelf.newest = ::new (list) FullList{{second}, shelf.newest};
  shelf.count += 1;
  return true;
}

// The oldest, which nobody reached: lists come and go at the other end.
FullList* Depot::take_unneeded(unsigned size_class) noexcept {
  Shelf& shelf = shelves_[size_class];
  const std::lock_guard lock(shelf.mutex);
  shelf.count -= shelf.unneeded_count;
  shelf.unneeded_count = shelf.count;
  FullList** end = &shelf.newest;
  for (std::uint32_t count = 0; count < shelf.count; ++count) end = &(*end)->next_list;
  return std::exchange(*end, nullptr);
}

std::uint32_t Depot::count(unsigned size_class) const noexcept {
  const std::lock_guard lock(shelves_[size_class].mutex);
  return shelves_[size_class].count;
}

void Depot::lock_all() noexcept {
  for (Shelf& shelf : shelves_) shelf.mutex.lock();
}

void Depot::unlock_all() noexcept {
  for (Shelf& shelf : shelves_) shelf.mutex.unlock();
}

}  // namespace tarn::detail
