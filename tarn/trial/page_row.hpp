// tarn/trial/page_row.hpp - a row of things on pages of their own, apart from any heap.
//
// What a trial notes must be in no heap that it measures. All pages have been touched: nothing that
// is measured later is theirs.
//
// Threads:    as the things.
// Failure:    is_there() tells.
// Lifetime:   the things live as long as the row.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "tarn/base/bits.hpp"
#include "tarn/os/pages.hpp"

namespace tarn::trial {

template <typename T>
class PageRow {
 public:
  static_assert(std::is_trivially_copyable_v<T>, "all of its bytes are zero in the beginning");

  explicit PageRow(std::size_t count) noexcept
      : count_(count),
        bytes_(align_up(std::max<std::size_t>(count * sizeof(T), 1), page_bytes())),
        pages_(reserve_pages(bytes_, page_bytes(), PageMode::ordinary).address),
        is_there_(pages_ != nullptr && commit_pages(pages_, bytes_)) {
    if (is_there_) std::memset(pages_, 0, bytes_);
  }

  ~PageRow() {
    if (pages_ != nullptr) release_pages(pages_, bytes_);
  }

  PageRow(const PageRow&) = delete;
  PageRow& operator=(const PageRow&) = delete;

  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  [[nodiscard]] std::span<T> things() const noexcept { return {static_cast<T*>(pages_), count_}; }

 private:
  const std::size_t count_;
  const std::size_t bytes_;
  void* const pages_;
  const bool is_there_;
};

}  // namespace tarn::trial
