#include "tarn/trace/ledger.hpp"

#include "tarn/base/check.hpp"

namespace tarn::trace {
namespace {

template <typename Map>
Result<void> expect_alive(const Map& map, std::uint64_t id, const char* what) {
  if (map.contains(static_cast<typename Map::key_type>(id))) return {};
  return Error::make(ErrorCode::wrong_id, "%s %llu does not exist", what,
                     static_cast<unsigned long long>(id));
}

template <typename Map>
Result<void> expect_new(const Map& map, std::uint64_t id, const char* what) {
  if (!map.contains(static_cast<typename Map::key_type>(id))) return {};
  return Error::make(ErrorCode::wrong_id, "%s %llu exists already", what,
                     static_cast<unsigned long long>(id));
}

}  // namespace

Ledger::Ledger() { pools_.try_emplace(heap_pool); }

Result<void> Ledger::check(const Operation& operation) const {
  const auto with_pool = [&](Result<void> other) {
    Result<void> pool = expect_alive(pools_, operation.pool, "pool");
    return pool ? other : pool;
  };
  switch (operation.kind) {
    case Kind::create: {
      Result<void> parent = expect_alive(pools_, operation.other, "pool");
      return parent ? expect_new(pools_, operation.pool, "pool") : parent;
    }
    case Kind::destroy:
      if (operation.pool == heap_pool) {
        return Error::make(ErrorCode::wrong_id, "pool 0 is the heap and can not be destroyed");
      }
      return expect_alive(pools_, operation.pool, "pool");
    case Kind::reset:
      return expect_alive(pools_, operation.pool, "pool");
    case Kind::mark:
      return with_pool(expect_new(marks_, operation.other, "mark"));
    case Kind::rewind:
      return expect_alive(marks_, operation.other, "mark");
    case Kind::adopt:
      return with_pool(check_adopt(operation));
    case Kind::allocate:
    case Kind::allocate_zeroed:
      return with_pool(expect_new(blocks_, operation.block, "block"));
    case Kind::extend:
    case Kind::shrink:
    case Kind::reallocate:
    case Kind::deallocate:
      return expect_alive(blocks_, operation.block, "block");
    case Kind::add_cleanup:
      return with_pool(expect_new(cleanups_, operation.other, "cleanup"));
    case Kind::cancel_cleanup:
    case Kind::run_cleanup:
      return expect_alive(cleanups_, operation.other, "cleanup");
    default:
      return check_outside_pools(operation);
  }
}

Result<void> Ledger::check_outside_pools(const Operation& operation) const {
  switch (operation.kind) {
    case Kind::thread_begin:
      return expect_new(threads_, operation.thread, "thread");
    case Kind::thread_end:
      return expect_alive(threads_, operation.thread, "thread");
    case Kind::scope_begin:
      return expect_new(scopes_, operation.other, "scope");
    case Kind::scope_end:
      return expect_alive(scopes_, operation.other, "scope");
    case Kind::phase:
      return {};
    default:
      return Error::make(ErrorCode::malformed, "kind %u is no operation",
                         static_cast<unsigned>(operation.kind));
  }
}

Result<void> Ledger::check_adopt(const Operation& operation) const {
  if (operation.other == heap_pool) {
    return Error::make(ErrorCode::wrong_id, "pool 0 is the heap and can not be adopted");
  }
  Result<void> child = expect_alive(pools_, operation.other, "pool");
  if (!child || !pools_.contains(operation.pool)) return child;
  for (std::uint32_t id = operation.pool; id != heap_pool; id = pools_.at(id).parent) {
    if (id != operation.other) continue;
    return Error::make(ErrorCode::wrong_id, "pool %u can not adopt pool %u, which it lies within",
                       operation.pool, operation.other);
  }
  return {};
}

const Ended& Ledger::commit(const Operation& operation) {
  TARN_ASSERT(check(operation), "Ledger::commit: %s", check(operation).error().message);
  ended_.cleanups.clear();
  ended_.pools.clear();
  ended_.marks.clear();
  ended_.blocks.clear();
  ended_.forgotten_cleanups.clear();
  switch (operation.kind) {
    case Kind::create:
      begin_pool(operation);
      break;
    case Kind::destroy:
      end_pool(operation.pool);
      break;
    case Kind::reset:
      end_members_after(operation.pool, 0);
      break;
    case Kind::mark:
      marks_[operation.other] = {operation.pool,
                                 append(operation.pool, Member::mark, operation.other)};
      break;
    case Kind::rewind: {
      const Place place = marks_.at(operation.other);
      end_members_after(place.pool, place.serial);
      break;
    }
    case Kind::adopt:
      move_pool(operation.other, operation.pool);
      break;
    case Kind::allocate:
    case Kind::allocate_zeroed:
      blocks_[operation.block] = {operation.pool,
                                  append(operation.pool, Member::block, operation.block)};
      break;
    case Kind::deallocate:
      end_block(operation.block);
      break;
    case Kind::add_cleanup:
      cleanups_[operation.other] = {
          {operation.pool, append(operation.pool, Member::cleanup, operation.other)}};
      break;
    case Kind::cancel_cleanup:
      settle_cleanup(operation.other, false);
      break;
    case Kind::run_cleanup:
      settle_cleanup(operation.other, true);
      break;
    default:
      commit_outside_pools(operation);
  }
  return ended_;
}

// What is not named changes nothing that lives.
void Ledger::commit_outside_pools(const Operation& operation) {
  if (operation.kind == Kind::reallocate) renew_block(operation.block);
  if (operation.kind == Kind::thread_begin) threads_.insert(operation.thread);
  if (operation.kind == Kind::thread_end) threads_.erase(operation.thread);
  if (operation.kind == Kind::scope_begin) scopes_.insert(operation.other);
  if (operation.kind == Kind::scope_end) scopes_.erase(operation.other);
}

std::uint64_t Ledger::append(std::uint32_t pool, Member kind, std::uint64_t id) {
  const std::uint64_t serial = next_serial_++;
  pools_.at(pool).members.emplace(serial, MemberOfPool{kind, id});
  return serial;
}

void Ledger::begin_pool(const Operation& operation) {
  Pool& pool = pools_[operation.pool];
  pool.parent = operation.other;
  if (pool.parent != heap_pool) pool.serial = append(pool.parent, Member::child, operation.pool);
}

void Ledger::end_pool(std::uint32_t id) {
  end_members_after(id, 0);
  const Pool& pool = pools_.at(id);
  if (pool.parent != heap_pool) pools_.at(pool.parent).members.erase(pool.serial);
  pools_.erase(id);
  ended_.pools.push_back(id);
}

// Children end first, newest first, then everything else, newest first: a cleanup may still use
// the blocks of its own pool, and no longer those of a child.
void Ledger::end_members_after(std::uint32_t id, std::uint64_t serial) {
  auto& members = pools_.at(id).members;
  std::vector<MemberOfPool> children;
  std::vector<MemberOfPool> others;
  for (auto member = members.rbegin(); member != members.rend() && member->first > serial;
       ++member) {
    (member->second.kind == Member::child ? children : others).push_back(member->second);
  }
  for (const MemberOfPool& child : children) end_pool(static_cast<std::uint32_t>(child.id));
  for (const MemberOfPool& other : others) end_member(other);
  members.erase(members.upper_bound(serial), members.end());
}

void Ledger::end_member(const MemberOfPool& member) {
  const auto id = static_cast<std::uint32_t>(member.id);
  switch (member.kind) {
    case Member::block:
      blocks_.erase(member.id);
      ended_.blocks.push_back(member.id);
      return;
    case Member::mark:
      marks_.erase(id);
      ended_.marks.push_back(id);
      return;
    case Member::cleanup:
      settle_cleanup(id, true);
      cleanups_.erase(id);
      ended_.forgotten_cleanups.push_back(id);
      return;
    case Member::child:
      return;
  }
}

void Ledger::end_block(std::uint64_t id) {
  const Place place = blocks_.at(id);
  pools_.at(place.pool).members.erase(place.serial);
  blocks_.erase(id);
  ended_.blocks.push_back(id);
}

// A block that has moved lies in its pool where a block of this moment would.
void Ledger::renew_block(std::uint64_t id) {
  Place& place = blocks_.at(id);
  pools_.at(place.pool).members.erase(place.serial);
  place.serial = append(place.pool, Member::block, id);
}

void Ledger::move_pool(std::uint32_t id, std::uint32_t parent) {
  Pool& pool = pools_.at(id);
  if (pool.parent != heap_pool) pools_.at(pool.parent).members.erase(pool.serial);
  pool.parent = parent;
  pool.serial = parent == heap_pool ? 0 : append(parent, Member::child, id);
}

void Ledger::settle_cleanup(std::uint32_t id, bool runs) {
  Cleanup& cleanup = cleanups_.at(id);
  if (cleanup.is_waiting && runs) ended_.cleanups.push_back(id);
  cleanup.is_waiting = false;
}

}  // namespace tarn::trace
