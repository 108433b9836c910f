// tarn/trace/number_map.hpp - a map from numbers, addresses or blocks, to small values.
//
//     entries:  | key value | empty | key value | key value | empty | ...    a power of two, half
//                 ^ mix(key), or the next empty entry behind it              full at most
//
// Ten million operations a second are looked up in one: a std::unordered_map takes 100 ns for each
// block that comes and goes, and this one 10 to 20.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc; the map is as it was.
// Lifetime:   a pointer to a value lives until the next insert() or erase().
// Invariant:  between a key and the entry that mix() names for it, no entry is empty.

#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tarn/trace/mix.hpp"

namespace tarn::trace {

/// The order of the keys does not matter.
struct AnyOrder {
  [[nodiscard]] static constexpr std::size_t home(std::uint64_t key) noexcept { return mix(key); }
};

/// Keys are addresses of blocks, and neighbours in memory, which are often asked for one after the
/// other, are neighbours in the map.
struct OrderOfAddresses {
  [[nodiscard]] static constexpr std::size_t home(std::uint64_t key) noexcept {
    constexpr unsigned neighbourhood_shift = 9;
    constexpr unsigned block_shift = 4;
    // Neighbourhoods follow each other, which a multiplication alone spreads evenly (Fibonacci
    // hashing, Knuth, 6.4).
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    return ((key >> neighbourhood_shift) * golden_ratio >> 32) + (key >> block_shift) % 32;
  }
};

/// Keys are blocks, numbered as they begin; most are asked for while they are young: neighbours.
struct OrderOfAge {
  [[nodiscard]] static constexpr std::size_t home(std::uint64_t key) noexcept {
    return mix(key / 16) + key % 16;
  }
};

template <typename Value, typename Order = AnyOrder>
class NumberMap {
 public:
  /// The one number that is no key.
  static constexpr std::uint64_t no_key = UINT64_MAX;

  NumberMap() : entries_(first_entry_count) {}

  /// Returns the value of `key`; nullptr: there is none. O(1).
  [[nodiscard]] Value* find(std::uint64_t key) noexcept {
    Entry& entry = entries_[find_entry(key)];
    return entry.key == no_key ? nullptr : &entry.value;
  }

  [[nodiscard]] bool contains(std::uint64_t key) const noexcept {
    return entries_[find_entry(key)].key != no_key;
  }

  /// Returns the value of `key`, made if there is none. Requires: key != no_key. O(1).
  Value& insert(std::uint64_t key) {
    std::size_t index = find_entry(key);
    if (entries_[index].key == no_key) {
      if (is_full()) {
        keep_if([](const Value&) { return true; });
        index = find_entry(key);
      }
      entries_[index] = {key, Value()};
      ++count_;
    }
    return entries_[index].value;
  }

  /// Begins to fetch what find(key) will look at: 100 ns later that costs nothing.
  void prefetch(std::uint64_t key) const noexcept { __builtin_prefetch(&entries_[home_of(key)]); }

  /// Takes `key` out, if it is there. O(1).
  void erase(std::uint64_t key) noexcept;

  /// Calls visit(key, value) for each, in no order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      if (entry.key != no_key) visit(entry.key, entry.value);
    }
  }

  /// Whether the next key that is not there makes the map grow.
  [[nodiscard]] bool is_full() const noexcept { return (count_ + 1) * 2 > entries_.size(); }

  /// Keeps the values of which `keep(value)` says so, in a map that is a quarter full at most.
  template <typename Keep>
  void keep_if(const Keep& keep);

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t first_entry_count = 1024;

  struct Entry {
    std::uint64_t key = no_key;
    Value value{};
  };

  [[nodiscard]] std::size_t home_of(std::uint64_t key) const noexcept {
    return Order::home(key) & (entries_.size() - 1);
  }

  [[nodiscard]] std::size_t find_entry(std::uint64_t key) const noexcept {
    std::size_t index = home_of(key);
    while (entries_[index].key != no_key && entries_[index].key != key) {
      index = (index + 1) & (entries_.size() - 1);
    }
    return index;
  }

  std::vector<Entry> entries_;
  std::size_t count_ = 0;
};

template <typename Value, typename Order>
template <typename Keep>
void NumberMap<Value, Order>::keep_if(const Keep& keep) {
  const auto is_kept = [&](const Entry& entry) { return entry.key != no_key && keep(entry.value); };
  const auto kept_count =
      static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_kept));
  std::vector<Entry> before(std::max(first_entry_count, std::bit_ceil(4 * kept_count)));
  entries_.swap(before);
  count_ = kept_count;
  for (Entry& entry : before) {
    if (is_kept(entry)) entries_[find_entry(entry.key)] = std::move(entry);
  }
}

// Whoever comes after the hole and would have been found there moves into it (Knuth, 6.4 R).
template <typename Value, typename Order>
void NumberMap<Value, Order>::erase(std::uint64_t key) noexcept {
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = find_entry(key);
  if (entries_[hole].key == no_key) return;
  for (std::size_t next = (hole + 1) & mask; entries_[next].key != no_key;
       next = (next + 1) & mask) {
    if (((next - home_of(entries_[next].key)) & mask) < ((next - hole) & mask)) continue;
    entries_[hole] = std::move(entries_[next]);
    hole = next;
  }
  entries_[hole] = {};
  --count_;
}

}  // namespace tarn::trace
