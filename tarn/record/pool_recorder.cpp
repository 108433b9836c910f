#include "tarn/record/pool_recorder.hpp"

#include <bit>

#include "tarn/os/thread.hpp"
#include "tarn/os/timestamp.hpp"

namespace tarn::record {

using trace::Kind;
using trace::Operation;

namespace {

std::uint64_t address_of(const void* block) noexcept {
  return reinterpret_cast<std::uintptr_t>(block);
}

}  // namespace

PoolRecorder::PoolRecorder(trace::Output& output) : writer_(output, 16), begin_ns_(monotonic_ns()) {
  writer_.add_note("recorded", "pools");
}

void PoolRecorder::add_note(std::string_view key, std::string_view value) {
  const Lock lock(mutex_);
  writer_.add_note(key, value);
}

Result<void> PoolRecorder::close() {
  const Lock lock(mutex_);
  is_closed_ = true;
  return writer_.close();
}

void PoolRecorder::append(Operation operation, Kind kind) {
  if (is_closed_) return;
  const auto newest = static_cast<std::uint32_t>(threads_.size());
  operation.kind = kind;
  operation.thread = threads_.try_emplace(this_thread_identity(), newest + 1).first->second;
  operation.time_ns = monotonic_ns() - begin_ns_;
  writer_.append(operation);
}

bool PoolRecorder::append_checked(Operation operation, Kind kind) {
  operation.kind = kind;
  if (!pools_.check(operation)) return false;
  pools_.commit(operation);
  append(operation, kind);
  return true;
}

std::uint32_t PoolRecorder::create(std::uint32_t parent, std::uint64_t limit_bytes) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = ++pool_count_;
  operation.other = parent;
  operation.bytes = limit_bytes;
  static_cast<void>(append_checked(operation, Kind::create));
  return operation.pool;
}

void PoolRecorder::destroy(std::uint32_t pool) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  static_cast<void>(append_checked(operation, Kind::destroy));
}

void PoolRecorder::reset(std::uint32_t pool, std::uint64_t retain_bytes,
                         bool as_one_chunk) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  operation.bytes = retain_bytes;
  operation.as_one_chunk = as_one_chunk;
  static_cast<void>(append_checked(operation, Kind::reset));
}

std::uint32_t PoolRecorder::mark(std::uint32_t pool) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  operation.other = ++mark_count_;
  static_cast<void>(append_checked(operation, Kind::mark));
  return operation.other;
}

void PoolRecorder::rewind(std::uint32_t mark) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.other = mark;
  static_cast<void>(append_checked(operation, Kind::rewind));
}

void PoolRecorder::adopt(std::uint32_t pool, std::uint32_t child) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  operation.other = child;
  static_cast<void>(append_checked(operation, Kind::adopt));
}

void PoolRecorder::begin_block(std::uint32_t pool, Kind kind, const void* block, std::size_t bytes,
                               std::size_t alignment) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  operation.block = book_.begin(address_of(block));
  operation.bytes = bytes;
  operation.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(alignment));
  append(operation, kind);
}

void PoolRecorder::resize_block(Kind kind, const void* block, std::size_t bytes) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.block = book_.end(address_of(block));
  operation.bytes = bytes;
  if (operation.block == 0) return;
  book_.place(operation.block, address_of(block));
  append(operation, kind);
}

void PoolRecorder::end_block(const void* block) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.block = book_.end(address_of(block));
  if (operation.block != 0) append(operation, Kind::deallocate);
}

std::uint64_t PoolRecorder::begin_move(const void* block) noexcept {
  const Lock lock(mutex_);
  return book_.end(address_of(block));
}

void PoolRecorder::move_to(std::uint64_t number, const void* block, std::size_t bytes) noexcept {
  const Lock lock(mutex_);
  if (number == 0) return;
  Operation operation;
  operation.block = number;
  operation.bytes = bytes;
  book_.place(number, address_of(block));
  append(operation, Kind::reallocate);
}

void PoolRecorder::move_back(std::uint64_t number, const void* block) noexcept {
  const Lock lock(mutex_);
  if (number != 0) book_.place(number, address_of(block));
}

std::uint32_t PoolRecorder::add_cleanup(std::uint32_t pool) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.pool = pool;
  operation.other = ++cleanup_count_;
  append(operation, Kind::add_cleanup);
  return operation.other;
}

void PoolRecorder::settle_cleanup(Kind kind, std::uint32_t cleanup) noexcept {
  const Lock lock(mutex_);
  Operation operation;
  operation.other = cleanup;
  append(operation, kind);
}

}  // namespace tarn::record
