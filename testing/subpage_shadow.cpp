#include "testing/subpage_shadow.hpp"

#include <algorithm>

namespace tarn {
namespace {

constexpr std::uint32_t slot_lengths[] = {1024, 2048, 4096, 1360, 64, 48, 16};

}  // namespace

SubpageShadow::SubpageShadow(Choices& choices)
    : StepShadow(choices),
      slot_bytes_(slot_lengths[choices.choose(std::size(slot_lengths))]),
      capacity_(static_cast<std::uint32_t>(page_bytes / slot_bytes_)) {
  for (Page& page : pages_) {
    page.words.assign(SlotBitmap::word_count(capacity_), UINT64_MAX);
    page.real.words = page.words.data();
  }
}

bool SubpageShadow::step() {
  // Takes and frees alternate in long runs, or no page of many slots is ever full.
  constexpr void (SubpageShadow::*steps[])() = {&SubpageShadow::take,  &SubpageShadow::free,
                                                &SubpageShadow::take,  &SubpageShadow::free,
                                                &SubpageShadow::begin, &SubpageShadow::take_idle,
                                                &SubpageShadow::leave, &SubpageShadow::join};
  const auto chosen = steps[choices_.choose(std::size(steps))];
  const std::size_t count = choices_.choose(8) == 0 ? capacity_ : 1;
  for (std::size_t time = 0; time < count && is_right(); ++time) (this->*chosen)();
  check();
  return is_right();
}

template <typename IsOne>
SubpageShadow::Page* SubpageShadow::choose_page(IsOne is_one) {
  std::vector<Page*> found;
  for (Page& page : pages_) {
    if (page.is_begun && is_one(page)) found.push_back(&page);
  }
  return found.empty() ? nullptr : found[choices_.choose(found.size())];
}

std::uint32_t SubpageShadow::expected_slot(const Page& page) const {
  if (page.freed_slot) return *page.freed_slot;
  std::uint32_t slot = 0;
  while (page.taken_slots.contains(slot)) ++slot;
  return slot;
}

void SubpageShadow::remove(const Page& page) {
  pool_pages_.erase(std::find(pool_pages_.begin(), pool_pages_.end(), &page));
}

void SubpageShadow::begin() {
  Page* const page =
      std::find_if(pages_, pages_ + page_count, [](const Page& one) { return !one.is_begun; });
  if (page == pages_ + page_count) return;
  pool_.begin(page->real, slot_bytes_, page_bytes);
  page->is_begun = true;
  page->freed_slot.reset();
  put_first(*page);
}

void SubpageShadow::take() {
  if (pool_pages_.empty()) return begin();
  Page& page = *pool_pages_.front();
  const std::uint32_t slot = pool_.take(page.real);
  expect(slot == expected_slot(page), "another slot was taken");
  page.freed_slot.reset();
  page.taken_slots.insert(slot);
  if (is_full(page)) remove(page);
}

void SubpageShadow::free() {
  Page* const page = choose_page([](const Page& one) { return !one.taken_slots.empty(); });
  if (page == nullptr) return;
  const auto slot =
      std::next(page->taken_slots.begin(),
                static_cast<std::ptrdiff_t>(choices_.choose(page->taken_slots.size())));
  page->freed_slot = *slot;
  const bool was_full = is_full(*page);
  page->taken_slots.erase(slot);
  if (page->has_left) return page->real.put_back(*page->freed_slot);
  if (was_full) put_first(*page);
  const bool goes = !was_full && page->taken_slots.empty() && pool_pages_.size() > 1;
  expect(pool_.free(page->real, *page->freed_slot) == goes, "a page stays or goes that should not");
  if (!goes) return;
  remove(*page);
  page->is_begun = false;
}

void SubpageShadow::take_idle() {
  const auto idle = std::find_if(pool_pages_.begin(), pool_pages_.end(),
                                 [](const Page* page) { return page->taken_slots.empty(); });
  detail::Subpage* const expected = idle == pool_pages_.end() ? nullptr : &(*idle)->real;
  expect(pool_.take_idle() == expected, "another page is idle");
  if (expected == nullptr) return;
  (*idle)->is_begun = false;
  pool_pages_.erase(idle);
}

void SubpageShadow::leave() {
  Page* const page = choose_page([](const Page& one) { return !one.has_left; });
  if (page == nullptr) return;
  pool_.leave(page->real);
  page->has_left = true;
  if (!is_full(*page)) remove(*page);
}

void SubpageShadow::join() {
  Page* const page = choose_page([](const Page& one) { return one.has_left; });
  if (page == nullptr) return;
  pool_.join(page->real);
  page->has_left = false;
  if (!is_full(*page)) put_first(*page);
}

void SubpageShadow::check() {
  const detail::Subpage* real = pool_.newest();
  const detail::Subpage* previous = nullptr;
  for (const Page* const page : pool_pages_) {
    expect(real == &page->real && real->previous == previous, "the pool has other pages");
    if (!is_right()) return;
    previous = real;
    real = real->next;
  }
  expect(real == nullptr, "the pool has more pages");
  for (const Page& page : pages_) {
    if (page.is_begun) check_bitmap(page);
  }
}

void SubpageShadow::check_bitmap(const Page& page) {
  const SlotBitmap bitmap = page.real.bitmap();
  for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
    expect(bitmap.is_taken(slot) == page.taken_slots.contains(slot), "a bit is wrong");
  }
  std::uint32_t lowest = 0;
  while (page.taken_slots.contains(lowest)) ++lowest;
  expect(bitmap.find_free(capacity_) == (lowest < capacity_ ? lowest : SlotBitmap::no_slot),
         "another slot is the lowest that is free");
  expect(page.real.available == capacity_ - page.taken_slots.size(), "slots are miscounted");
}

}  // namespace tarn
