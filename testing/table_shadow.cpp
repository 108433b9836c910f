#include "testing/table_shadow.hpp"

#include <algorithm>

namespace tarn {
namespace {

constexpr std::size_t block_alignment = 64;

void* pointer_to(std::uintptr_t block) { return reinterpret_cast<void*>(block); }

// `count` addresses; of a crowd, the home is one in every table of up to 1024 slots.
std::vector<std::uintptr_t> choose_blocks(std::size_t count, bool is_crowd) {
  std::vector<std::uintptr_t> blocks;
  for (std::uintptr_t block = 4096; blocks.size() < count; block += 4096) {
    if (!is_crowd || LargeTable::hash_of(block) % 1024 == 1000) blocks.push_back(block);
  }
  return blocks;
}

}  // namespace

bool NumberMapShadow::step() {
  constexpr std::uint64_t key_counts[] = {100, 20000, UINT64_MAX};
  const std::uint64_t key = choices_.choose(key_counts[choices_.choose(3)]);
  const bool is_insert = choices_.choose(2) == 0;
  ++step_count_;
  if (is_insert) {
    expected_[key] = step_count_;
  } else {
    expected_.erase(key);
  }
  step(any_order_, key, is_insert);
  step(order_of_addresses_, key, is_insert);
  step(order_of_age_, key, is_insert);
  return is_right();
}

template <typename Map>
void NumberMapShadow::step(Map& map, std::uint64_t key, bool is_insert) {
  if (is_insert) {
    map.insert(key) = step_count_;
  } else {
    map.erase(key);
  }
  const bool is_known = map.find(key) != nullptr;
  expect(is_known == is_insert && map.contains(key) == is_insert, "a key is known wrong");
  expect(map.count() == expected_.size(), "a map counts its keys wrong");
  if (expected_.size() <= 16 || step_count_ % 1000 == 0) check_all(map);
}

template <typename Map>
void NumberMapShadow::check_all(Map& map) {
  std::size_t right_count = 0;
  map.for_each([&](std::uint64_t key, std::uint64_t value) {
    const auto found = expected_.find(key);
    right_count += found != expected_.end() && found->second == value ? 1 : 0;
  });
  expect(right_count == expected_.size(), "a map shows other values");
  for (const auto& [key, value] : expected_) {
    const std::uint64_t* const found = map.find(key);
    expect(found != nullptr && *found == value, "a key has lost its value");
  }
}

bool AddressBookShadow::step() {
  const std::uint64_t place = 1 + choices_.choose(choices_.choose(2) == 0 ? 8000 : 50);
  const std::uint64_t address = place % 8 == 5   ? place << 30
                                : place % 8 == 7 ? 16 * place + 8
                                                 : 16 * place;
  if (choices_.choose(2) == 0) {
    expected_[address] = book_.begin(address);
  } else {
    const auto found = expected_.find(address);
    expect(book_.end(address) == (found == expected_.end() ? 0 : found->second),
           "another block ends");
    expected_.erase(address);
  }
  expect(book_.count() == expected_.size(), "a book counts its blocks wrong");
  return is_right();
}

void StoredLargeTable::add(std::uintptr_t block, std::uint64_t serial) {
  if (!table_.make_room()) {
    storage_.emplace_back(table_.grown_storage_bytes() / sizeof(std::max_align_t) + 1);
    std::size_t old_bytes = 0;
    table_.move_to(storage_.back().data(), old_bytes);
  }
  table_.add(LargeTable::Entry::of(pointer_to(block), bytes_of(block), block_alignment), serial);
}

LargeTableShadow::LargeTableShadow(Choices& choices, bool is_crowd)
    : StepShadow(choices), blocks_(choose_blocks(is_crowd ? 60 : 4096, is_crowd)) {}

bool LargeTableShadow::step() {
  ++step_count_;
  take_or_add(blocks_[choices_.choose(blocks_.size())]);
  if (choices_.choose(5000) == 1) take_newest();
  expect(table_->live_count() == serials_.size(), "a table counts its blocks wrong");
  return is_right();
}

void LargeTableShadow::take_or_add(std::uintptr_t block) {
  const bool was_there = serials_.contains(block);
  LargeTable::Entry taken;
  expect(table_->contains(pointer_to(block)) == was_there, "a table knows a block wrong");
  expect(table_->take(pointer_to(block), taken) == was_there, "a table takes a block wrong");
  if (was_there) {
    expect(taken.block == block && taken.bytes == StoredLargeTable::bytes_of(block) &&
               taken.alignment() == block_alignment,
           "a block is taken as another");
    by_serial_.erase(serials_[block]);
    serials_.erase(block);
  } else if (step_count_ % 1000 < 700) {  // now and then they become fewer
    table_.add(block, ++serial_);
    by_serial_[serial_] = block;
    serials_[block] = serial_;
  }
}

void LargeTableShadow::take_newest() {
  const std::uint64_t mark = serial_ - std::min<std::uint64_t>(serial_, 100);
  LargeTable::Entry taken;
  while (is_right() && table_->take_newest_after(mark, taken)) {
    if (by_serial_.empty() || taken.block != by_serial_.rbegin()->second) {
      return expect(false, "another block is the newest");
    }
    serials_.erase(taken.block);
    by_serial_.erase(std::prev(by_serial_.end()));
  }
  expect(by_serial_.empty() || by_serial_.rbegin()->first <= mark, "a newer block is left");
}

}  // namespace tarn
