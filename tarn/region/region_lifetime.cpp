// Ends and beginnings: reset, marks, and the tree of regions.

#include <algorithm>

#include "tarn/os/sanitizer.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/region_detail.hpp"

namespace tarn {

void Region::reset(const Retain& retain) noexcept {
  check_use("resetting");
  if (newest_child_ != nullptr || newest_cleanup_ != nullptr) end_children_and_cleanups_after(0);
  note_peak();
  spare_cleanups_ = nullptr;
  if (!large_.is_empty()) release_all_large();
  reset_serial_ = ++serial_;
  chunk_ = nullptr;
  if (retain.consolidated) {
    consolidate(retain.bytes_max);
  } else if (retain.bytes_max < reserved_bytes_) {
    release_chunks_beyond(retain.bytes_max);
  }
  stand_at_oldest();
  if (is_checking()) {
    guard_.chunk_requested_bytes = 0;
    poison_unused_chunks();
  }
}

Region::Mark Region::mark() noexcept {
  check_use("marking");
  Mark mark;
  mark.region_ = this;
  mark.chunk_ = chunk_;
  mark.cursor_ = cursor();
  mark.filled_bytes_ = filled_bytes_;
  mark.chunk_requested_bytes_ = is_checking() ? guard_.chunk_requested_bytes : 0;
  mark.serial_ = ++serial_;
  return mark;
}

void Region::rewind(const Mark& mark) noexcept {
  check_use("rewinding");
  check_mark(mark);
  end_children_and_cleanups_after(mark.serial_);
  note_peak();
  forget_spare_cleanups_after(mark.serial_);
  release_large_after(mark.serial_);
  if (mark.chunk_ == nullptr) {
    stand_at_oldest();
  } else {
    filled_bytes_ = mark.filled_bytes_;
    stand_at(mark.chunk_, mark.cursor_);
  }
  if (is_checking()) {
    // A block older than the mark may have been given back since.
    guard_.chunk_requested_bytes =
        std::min(mark.chunk_requested_bytes_, handed_out_bytes() - large_bytes_);
    poison_unused_chunks();
  }
  rewound_to_serial_ = mark.serial_;
  rewound_at_serial_ = serial_;
}

void Region::adopt(Region& child) noexcept {
  check_use("adopting");
  child.check_use("being adopted");
  // Only a region with children can be anybody's ancestor: the usual adoption stays O(1).
  for (const Region* ancestor = child.newest_child_ != nullptr ? this : nullptr;
       ancestor != nullptr; ancestor = ancestor->parent_) {
    TARN_CHECK(ancestor != &child, "region \"%s\" can not adopt its own ancestor \"%s\"", name(),
               child.name());
  }
  child.unlink_from_parent();
  child.link_to(*this);
}

void Region::detach() noexcept { unlink_from_parent(); }

void Region::end_children_and_cleanups_after(std::uint64_t serial) noexcept {
  // A cleanup may add children and cleanups; what it adds ends here too.
  for (;;) {
    if (Region* const child = newest_child_;
        child != nullptr && child->serial_in_parent_ > serial) {
      child->unlink_from_parent();
      child->end();
      child->ended_parent_name_ = name();
    } else if (newest_cleanup_ != nullptr && newest_cleanup_->serial > serial) {
      run_cleanup(newest_cleanup_);
    } else {
      return;
    }
  }
}

// Requires: no chunk is in use, and none will be.
inline void Region::release_all_chunks() noexcept {
  for (Chunk* chunk = oldest_chunk_; chunk != nullptr;) {
    Chunk* const next = chunk->next;
    // Not the header: Valgrind takes what is unpoisoned for not yet written.
    if (is_checking()) [[unlikely]]
      unpoison(chunk + 1, chunk->limit() - chunk->begin());
    if (chunk != buffer_chunk_) release(chunk, chunk->bytes, fundamental_alignment);
    chunk = next;
  }
  oldest_chunk_ = nullptr;
}

void Region::end() noexcept {
  if (newest_child_ != nullptr || newest_cleanup_ != nullptr) end_children_and_cleanups_after(0);
  spare_cleanups_ = nullptr;
  if (!large_.is_empty()) release_all_large();
  chunk_ = nullptr;
  room_bytes_ = 0;
  limit_ = nowhere;
  release_all_chunks();
}

Region::~Region() {
  if (ended_parent_name_ != nullptr) return;
  if (parent_ != nullptr) unlink_from_parent();
  end();
}

void Region::link_to(Region& parent) noexcept {
  parent_ = &parent;
  serial_in_parent_ = ++parent.serial_;
  newer_sibling_ = nullptr;
  older_sibling_ = parent.newest_child_;
  if (older_sibling_ != nullptr) older_sibling_->newer_sibling_ = this;
  parent.newest_child_ = this;
}

void Region::unlink_from_parent() noexcept {
  if (parent_ == nullptr) return;
  (newer_sibling_ != nullptr ? newer_sibling_->older_sibling_ : parent_->newest_child_) =
      older_sibling_;
  if (older_sibling_ != nullptr) older_sibling_->newer_sibling_ = newer_sibling_;
  parent_ = nullptr;
}

}  // namespace tarn
