// tool/histogram.hpp - how many values there were between a power of a base and the next.
//
//     base 2    value:    0     1     2-3    4-7    8-15  ...          base 10: 0, 1-9, 10-99, ...
//               bucket:   0     1     2      3      4     ...
//
// Threads:    one at a time.
// Failure:    std::bad_alloc when it is made.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tarn::tool {

class Histogram {
 public:
  struct Bucket {
    std::uint64_t first_value = 0;
    std::uint64_t count = 0;
    std::uint64_t sum = 0;  // of the values; modulo 2^64
  };

  explicit Histogram(std::uint64_t base) : buckets_(1) {
    std::uint64_t power = 1;
    for (; power <= UINT64_MAX / base; power *= base) buckets_.push_back({power, 0, 0});
    buckets_.push_back({power, 0, 0});
  }

  void add(std::uint64_t value) noexcept {
    const auto next = std::upper_bound(
        buckets_.begin(), buckets_.end(), value,
        [](std::uint64_t sought, const Bucket& bucket) { return sought < bucket.first_value; });
    Bucket& bucket = *std::prev(next);
    ++bucket.count;
    bucket.sum += value;
    ++count_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<Bucket>& buckets() const noexcept { return buckets_; }

 private:
  std::vector<Bucket> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace tarn::tool
