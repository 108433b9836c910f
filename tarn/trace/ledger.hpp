// tarn/trace/ledger.hpp - what is alive after each operation, by the meaning of the language alone.
//
//     pool 1 ----- members by age: block 1, cleanup 1, pool 2, mark 1, block 2
//       |                                                 `---- rewind mark=1 ends block 2,
//     pool 2 ----- block 3                                      destroy pool=1 ends them all
//
// A replayer asks it whether an operation makes sense and what the operation ends; a generator
// asks it what there is to operate on. It knows no addresses and no sizes.
//
// Threads:    one at a time.
// Failure:    check() says which id is wrong; commit() of an operation that passed does not fail.
// Invariant:  a member's serial is above that of every older member of its pool.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace/operation.hpp"

namespace tarn::trace {

/// What one operation ended.
struct Ended {
  /// In the order in which they run.
  std::vector<std::uint32_t> cleanups;
  /// Children before their parents.
  std::vector<std::uint32_t> pools;
  std::vector<std::uint32_t> marks;
  std::vector<std::uint64_t> blocks;
  /// Cleanups that can not be named any longer, whether they ran now, earlier or never.
  std::vector<std::uint32_t> forgotten_cleanups;
};

class Ledger {
 public:
  /// A member, and the pool that it is a member of.
  struct Place {
    std::uint32_t pool = heap_pool;
    std::uint32_t link = 0;
  };

  struct Pool {
    std::uint32_t parent = heap_pool;
    std::uint32_t link = 0;  // among its parent's members; a child of nobody has none
    std::uint32_t newest = 0;
  };

  struct Cleanup {
    Place place;
    bool is_waiting = true;  // false: has run or was cancelled
  };

  Ledger();

  /// Whether the ids of `operation` name what they should. O(1) for blocks; adopt: O(depth of the
  /// tree).
  [[nodiscard]] Result<void> check(const Operation& operation) const;

  /// Notes that `operation` was done, and returns what it ended; valid until the next call.
  /// Requires: check(operation) passes. O(1) for each block that it begins or ends, O(log n) for
  /// each other thing.
  const Ended& commit(const Operation& operation);

  [[nodiscard]] const std::map<std::uint32_t, Pool>& pools() const noexcept { return pools_; }
  [[nodiscard]] const std::map<std::uint32_t, Place>& marks() const noexcept { return marks_; }
  [[nodiscard]] const std::map<std::uint32_t, Cleanup>& cleanups() const noexcept {
    return cleanups_;
  }
  /// The threads that have begun, not those that are there from the start.
  [[nodiscard]] const std::set<std::uint32_t>& threads() const noexcept { return threads_; }
  [[nodiscard]] const std::set<std::uint32_t>& scopes() const noexcept { return scopes_; }

  /// The blocks that live, in all pools.
  [[nodiscard]] std::size_t block_count() const noexcept { return blocks_.count(); }

 private:
  enum class Member : std::uint8_t { block, cleanup, mark, child };

  // A member in the row of its pool's, which is a list: most ends are in the middle of it.
  struct Link {
    std::uint64_t serial = 0;
    std::uint64_t id = 0;
    std::uint32_t pool = heap_pool;
    std::uint32_t older = no_link;
    std::uint32_t newer = no_link;
    Member kind = Member::block;
  };
  static constexpr std::uint32_t no_link = 0;

  [[nodiscard]] Result<void> check_new_block(const Operation& operation) const;
  [[nodiscard]] Result<void> check_adopt(const Operation& operation) const;
  [[nodiscard]] Result<void> check_outside_pools(const Operation& operation) const;
  void commit_outside_pools(const Operation& operation);
  std::uint32_t append(std::uint32_t pool, Member kind, std::uint64_t id);
  void remove(std::uint32_t link);
  void begin_pool(const Operation& operation);
  void end_pool(std::uint32_t id);
  void end_members_after(std::uint32_t id, std::uint64_t serial);
  void end_member(std::uint32_t link);
  void end_block(std::uint64_t id);
  void renew_block(std::uint64_t id);
  void move_pool(std::uint32_t id, std::uint32_t parent);
  void settle_cleanup(std::uint32_t id, bool runs);

  std::uint64_t next_serial_ = 1;
  std::vector<Link> links_{1};  // the first is no_link
  std::vector<std::uint32_t> free_links_;
  NumberMap<std::uint32_t, OrderOfAge> blocks_;  // their links
  std::map<std::uint32_t, Pool> pools_;
  std::map<std::uint32_t, Place> marks_;
  std::map<std::uint32_t, Cleanup> cleanups_;
  std::set<std::uint32_t> threads_;
  std::set<std::uint32_t> scopes_;
  Ended ended_;
};

}  // namespace tarn::trace
