// testing/pool_shadow.hpp - pools that free block by block run a program while a model watches.
//
//     operation --> Replayer<W> --> pools --> TrackingSource --> upstream
//                       |             |             |
//                       +--> model: blocks fit, are aligned, overlap nowhere, lie in the source's
//                            memory and keep what they are filled with, also when they move; how
//                            much each pool has out
//
// What a kind of pool adds: which requests must be granted, how much room a block has, and what its
// counts say. Now and then, by the number of the operation, every pool is trimmed; so it is in the
// end.
//
// Threads:    one at a time.
// Failure:    run() returns what is wrong and at which operation, or an empty string.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <string>

#include "tarn/replay/replayer.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

template <replay::World W>
class PoolShadow {
 protected:
  using Pool = typename W::Pool;

  /// What a pool has handed out.
  struct Use {
    std::size_t block_count = 0;
    std::size_t bytes = 0;
  };

  /// With `source_may_fail`, memory may be refused at any time. Every block has `alignment`.
  PoolShadow(Source& upstream, bool source_may_fail, std::size_t alignment,
             std::size_t trim_interval)
      : source_(upstream),
        source_may_fail_(source_may_fail),
        alignment_(alignment),
        trim_interval_(trim_interval) {}
  ~PoolShadow() = default;

  /// Runs the program until something is wrong. Then all pools end.
  [[nodiscard]] std::string run(const trace::Program& program, W& world) {
    Replayer replayer(world);
    for (const trace::Operation& operation : program) {
      const Result<replay::Outcome> outcome = replayer.apply(operation);
      if (outcome) {
        follow(replayer, operation, *outcome);
      } else {
        wrong_ = outcome.error().message;
      }
      if (!wrong_.empty()) return describe(wrong_);
    }
    check_trimmed(replayer);
    return describe(wrong_);
  }

  /// What is wrong, with the number of the operation; nothing if nothing is.
  [[nodiscard]] std::string describe(const std::string& wrong) const {
    return wrong.empty() ? "" : "operation " + std::to_string(operation_count_) + ": " + wrong;
  }

  /// Must a request be granted if there is memory? If not, it must be refused.
  [[nodiscard]] virtual bool fits(const trace::Operation& operation) const = 0;
  /// How many bytes of a block are its user's, at least as many as were asked for.
  [[nodiscard]] virtual std::size_t room_of(Pool& pool, const void* block) const = 0;
  /// A block is handed out, and will be filled.
  virtual void note_use(const void*, unsigned char /*filling*/) {}
  /// A block is still in use.
  virtual void check_block(const void*) {}
  virtual void trim(Pool& pool) = 0;
  virtual void check_pool(std::uint32_t id, Pool& pool, const Use& use, bool is_trimmed) = 0;

  TrackingSource source_;
  std::string wrong_;

 private:
  using Replayer = replay::Replayer<W>;

  static constexpr std::size_t filled_bytes_max = 512;  // at each end

  struct Room {
    std::uint64_t block;
    std::size_t bytes;
    std::size_t asked_bytes;
  };

  void follow(const Replayer& replayer, const trace::Operation& operation,
              replay::Outcome outcome) {
    using trace::Kind;
    forget_ended(replayer);
    if (operation.kind == Kind::allocate || operation.kind == Kind::allocate_zeroed) {
      note(replayer, operation, outcome);
    } else if (operation.kind == Kind::reallocate) {
      note_moved(replayer, operation, outcome);
    }
    if (!wrong_.empty()) return;
    check(replayer, false);
    if (++operation_count_ % trim_interval_ == 0) check_trimmed(replayer);
  }

  void forget_ended(const Replayer& replayer) {
    std::erase_if(rooms_,
                  [&](const auto& room) { return !replayer.blocks().contains(room.second.block); });
  }

  void note_moved(const Replayer& replayer, const trace::Operation& operation,
                  replay::Outcome outcome) {
    const auto before = std::find_if(rooms_.begin(), rooms_.end(), [&](const auto& room) {
      return room.second.block == operation.block;
    });
    if (before == rooms_.end()) return;  // refused when it was to begin
    if (outcome == replay::Outcome::done) {
      check_kept(replayer.blocks().at(operation.block), before->second);
      rooms_.erase(before);
    }
    note(replayer, operation, outcome);
  }

  void note(const Replayer& replayer, const trace::Operation& operation, replay::Outcome outcome) {
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    if (replayer.pool(block.pool) == nullptr) return;
    if (outcome != replay::Outcome::done) {
      if (fits(operation) && !source_may_fail_) wrong_ = "a block was refused";
      return;
    }
    if (!fits(operation)) wrong_ = "a block was given that can not fit";
    const auto first = reinterpret_cast<std::uintptr_t>(block.address);
    const std::size_t room = room_of(*replayer.pool(block.pool), block.address);
    if (first % std::max(block.alignment, alignment_) != 0) wrong_ = "a block is not aligned";
    if (room < block.bytes) wrong_ = "a block is too short";
    if (!source_.contains(block.address, room)) wrong_ = "a block is nowhere";
    if (overlaps(first, room)) wrong_ = "two blocks overlap";
    if (!wrong_.empty()) return;
    if (operation.kind == trace::Kind::allocate_zeroed) check_zeroed(block);
    note_use(block.address, filling_of(operation.block));
    rooms_[first] = {operation.block, room, block.bytes};
    for_each_end(first, room, [&](unsigned char* bytes, std::size_t count) {
      std::memset(bytes, filling_of(operation.block), count);
    });
  }

  [[nodiscard]] bool overlaps(std::uintptr_t first, std::size_t bytes) const {
    const auto next = rooms_.lower_bound(first);
    if (next != rooms_.end() && next->first < first + bytes) return true;
    return next != rooms_.begin() && std::prev(next)->first + std::prev(next)->second.bytes > first;
  }

  void check_zeroed(const replay::ReplayedBlock& block) {
    const auto* const bytes = static_cast<const unsigned char*>(block.address);
    if (std::any_of(bytes, bytes + block.bytes, [](unsigned char byte) { return byte != 0; })) {
      wrong_ = "a block is not zeroed";
    }
  }

  // What was the beginning and the end of its room before, as far as it was asked for.
  void check_kept(const replay::ReplayedBlock& block, const Room& before) {
    const std::size_t kept_bytes = std::min(before.asked_bytes, block.bytes);
    const std::size_t end = before.bytes - std::min(before.bytes, filled_bytes_max);
    const auto* const bytes = static_cast<const unsigned char*>(block.address);
    check_filled(bytes, std::min(kept_bytes, filled_bytes_max), before.block);
    if (kept_bytes > end) check_filled(bytes + end, kept_bytes - end, before.block);
  }

  static unsigned char filling_of(std::uint64_t block) noexcept {
    return static_cast<unsigned char>(block * 37 + 1);
  }

  // Calls `visit(bytes, count)` for the beginning and the end of a room.
  template <typename Visit>
  static void for_each_end(std::uintptr_t first, std::size_t room, Visit visit) {
    auto* const bytes = reinterpret_cast<unsigned char*>(first);
    const std::size_t count = std::min(room, filled_bytes_max);
    visit(bytes, count);
    visit(bytes + room - count, count);
  }

  void check_trimmed(const Replayer& replayer) {
    for_each_pool(replayer, [this](std::uint32_t, Pool& pool) { trim(pool); });
    check(replayer, true);
  }

  void check(const Replayer& replayer, bool is_trimmed) {
    std::map<std::uint32_t, Use> uses;
    for (const auto& [first, room] : rooms_) {
      Use& use = uses[replayer.blocks().at(room.block).pool];
      use.block_count += 1;
      use.bytes += room.bytes;
      check_block(reinterpret_cast<const void*>(first));
      check_filling(first, room);
    }
    for_each_pool(replayer, [&](std::uint32_t id, Pool& pool) {
      check_pool(id, pool, uses[id], is_trimmed);
    });
  }

  void check_filling(std::uintptr_t first, const Room& room) {
    for_each_end(first, room.bytes, [&](const unsigned char* bytes, std::size_t count) {
      check_filled(bytes, count, room.block);
    });
  }

  void check_filled(const unsigned char* bytes, std::size_t count, std::uint64_t block) {
    if (count == 0) return;
    const bool are_alike = std::memcmp(bytes, bytes + 1, count - 1) == 0;
    if (!are_alike || bytes[0] != filling_of(block)) wrong_ = "a block has lost its bytes";
  }

  template <typename Visit>
  static void for_each_pool(const Replayer& replayer, Visit visit) {
    for (const auto& [id, known] : replayer.ledger().pools()) {
      if (auto* const pool = replayer.pool(id)) visit(id, *pool);
    }
  }

  bool source_may_fail_;
  std::size_t alignment_;
  std::size_t trim_interval_;
  std::map<std::uintptr_t, Room> rooms_;
  std::size_t operation_count_ = 0;
};

}  // namespace tarn
