// testing/subpage_shadow.hpp - a pool of subpages and their bitmaps, watched by a model.
//
//     real:   pool --> subpage --> subpage     bitmap 1011...
//     model:  a list of pages, newest first    a set of slots that are taken, the one freed last
//
// Of each page the model says which slot is taken next, and of the pool which pages are in it, in
// which order, and which leaves it. Pages leave and join as those of a chunk that falls empty do.
//
// Threads:    one at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "tarn/arena/subpage.hpp"
#include "testing/steps.hpp"

namespace tarn {

class SubpageShadow final : public StepShadow {
 public:
  static constexpr const char* name = "subpages";

  /// Slots of a length that is chosen first.
  explicit SubpageShadow(Choices& choices);

  /// Does one thing and compares everything.
  [[nodiscard]] bool step();

 private:
  static constexpr std::size_t page_count = 5;
  static constexpr std::size_t page_bytes = 4096;

  struct Page {
    detail::Subpage real{};
    std::vector<std::uint64_t> words;
    std::set<std::uint32_t> taken_slots;
    std::optional<std::uint32_t> freed_slot;  // taken next if it is the last that changed
    bool is_begun = false;
    bool has_left = false;  // with its chunk
  };

  void begin();
  void take();
  void free();
  void take_idle();
  void leave();
  void join();

  /// Returns a page that `is_one` holds for, or nullptr if there is none.
  template <typename IsOne>
  [[nodiscard]] Page* choose_page(IsOne is_one);
  [[nodiscard]] std::uint32_t expected_slot(const Page& page) const;
  [[nodiscard]] bool is_full(const Page& page) const {
    return page.taken_slots.size() == capacity_;
  }
  void put_first(Page& page) { pool_pages_.insert(pool_pages_.begin(), &page); }
  void remove(const Page& page);
  void check();
  void check_bitmap(const Page& page);

  std::uint32_t slot_bytes_;
  std::uint32_t capacity_;
  detail::SubpagePool pool_;
  Page pages_[page_count];
  std::vector<Page*> pool_pages_;  // newest first
};

}  // namespace tarn
