#include "tarn/trace/ledger.hpp"

#include "tarn/base/check.hpp"

namespace tarn::trace {
namespace {

template <typename Map, typename Id>
Result<void> expect_alive(const Map& map, Id id, const char* what) {
  if (map.contains(id)) return {};
  return Error::make(ErrorCode::wrong_id, "%s %llu does not exist", what,
                     static_cast<unsigned long long>(id));
}

template <typename Map, typename Id>
Result<void> expect_new(const Map& map, Id id, const char* what) {
  if (!map.contains(id)) return {};
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
      return with_pool(check_new_block(operation));
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

Result<void> Ledger::check_new_block(const Operation& operation) const {
  if (operation.block != decltype(blocks_)::no_key) {
    return expect_new(blocks_, operation.block, "block");
  }
  return Error::make(ErrorCode::wrong_id, "block %llu can not be: it is the number of none",
                     static_cast<unsigned long long>(operation.block));
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
      end_members_after(place.pool, links_[place.link].serial);
      break;
    }
    case Kind::adopt:
      move_pool(operation.other, operation.pool);
      break;
    case Kind::allocate:
    case Kind::allocate_zeroed:
      blocks_.insert(operation.block) = append(operation.pool, Member::block, operation.block);
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

std::uint32_t Ledger::append(std::uint32_t pool, Member kind, std::uint64_t id) {
  if (free_links_.empty()) {
    free_links_.push_back(static_cast<std::uint32_t>(links_.size()));
    links_.emplace_back();
  }
  const std::uint32_t link = free_links_.back();
  free_links_.pop_back();
  std::uint32_t& newest = pools_.at(pool).newest;
  links_[link] = {next_serial_++, id, pool, newest, no_link, kind};
  if (newest != no_link) links_[newest].newer = link;
  newest = link;
  return link;
}

void Ledger::remove(std::uint32_t link) {
  const Link& member = links_[link];
  if (member.older != no_link) links_[member.older].newer = member.newer;
  if (member.newer != no_link) {
    links_[member.newer].older = member.older;
  } else {
    pools_.at(member.pool).newest = member.older;
  }
  free_links_.push_back(link);
}

void Ledger::begin_pool(const Operation& operation) {
  Pool& pool = pools_[operation.pool];
  pool.parent = operation.other;
  if (pool.parent != heap_pool) pool.link = append(pool.parent, Member::child, operation.pool);
}

void Ledger::end_pool(std::uint32_t id) {
  end_members_after(id, 0);
  const Pool& pool = pools_.at(id);
  if (pool.parent != heap_pool) remove(pool.link);
  pools_.erase(id);
  ended_.pools.push_back(id);
}

// Children end first, newest first, then everything else, newest first: a cleanup may still use
// the blocks of its own pool, and no longer those of a child.
void Ledger::end_members_after(std::uint32_t id, std::uint64_t serial) {
  std::vector<std::uint32_t> children;
  std::vector<std::uint32_t> others;
  for (std::uint32_t link = pools_.at(id).newest; links_[link].serial > serial;
       link = links_[link].older) {
    const bool is_child = links_[link].kind == Member::child;
    (is_child ? children : others).push_back(link);
  }
  for (const std::uint32_t child : children) end_pool(static_cast<std::uint32_t>(links_[child].id));
  for (const std::uint32_t other : others) end_member(other);
}

void Ledger::end_member(std::uint32_t link) {
  const Link member = links_[link];
  const auto id = static_cast<std::uint32_t>(member.id);
  switch (member.kind) {
    case Member::block:
      return end_block(member.id);
    case Member::mark:
      marks_.erase(id);
      ended_.marks.push_back(id);
      break;
    case Member::cleanup:
      settle_cleanup(id, true);
      cleanups_.erase(id);
      ended_.forgotten_cleanups.push_back(id);
      break;
    case Member::child:
      break;
  }
  remove(link);
}

void Ledger::end_block(std::uint64_t id) {
  remove(*blocks_.find(id));
  blocks_.erase(id);
  ended_.blocks.push_back(id);
}

// A block that has moved lies in its pool where a block of this moment would.
void Ledger::renew_block(std::uint64_t id) {
  std::uint32_t& link = *blocks_.find(id);
  const std::uint32_t pool = links_[link].pool;
  remove(link);
  link = append(pool, Member::block, id);
}

void Ledger::move_pool(std::uint32_t id, std::uint32_t parent) {
  Pool& pool = pools_.at(id);
  if (pool.parent != heap_pool) remove(pool.link);
  pool.parent = parent;
  pool.link = parent == heap_pool ? no_link : append(parent, Member::child, id);
}

void Ledger::settle_cleanup(std::uint32_t id, bool runs) {
  Cleanup& cleanup = cleanups_.at(id);
  if (cleanup.is_waiting && runs) ended_.cleanups.push_back(id);
  cleanup.is_waiting = false;
}

}  // namespace tarn::trace
