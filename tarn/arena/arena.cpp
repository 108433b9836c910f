#include "tarn/arena/arena.hpp"

#include <algorithm>

#include "tarn/arena/arena_core.hpp"
#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"

namespace tarn {
namespace {

constinit MappedSource the_arena_source;

}  // namespace

std::size_t default_shard_count(std::size_t processor_count, std::size_t memory_bytes,
                                std::size_t chunk_bytes) noexcept {
  return std::min(2 * processor_count, memory_bytes / chunk_bytes / 2 / 3);
}

Source& default_arena_source() noexcept {
  if (memory_checker_present()) return heap_source();
  return the_arena_source;
}

Arena::Arena(const ArenaOptions& options)
    : core_(detail::ArenaCore::create(options)), name_(options.name) {
  if (core_ == nullptr) out_of_memory(sizeof(detail::ArenaCore));
  fast_index_ = core_->fast_index();
}

Arena::~Arena() { detail::ArenaCore::destroy(core_); }

void* Arena::do_allocate(std::size_t bytes, std::size_t alignment) {
  return allocate(bytes, alignment);
}

void Arena::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  deallocate(block, bytes, alignment);
}

bool Arena::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return this == &other;
}

void* Arena::try_allocate_slow(std::size_t bytes, std::size_t alignment) noexcept {
  TARN_CHECK(is_power_of_two(alignment), "arena \"%s\": alignment %zu is not a power of two", name_,
             alignment);
  // Blocks of the class for 0 bytes would all be one.
  bytes = std::max<std::size_t>(bytes, 1);
  alignment = std::max(alignment, fundamental_alignment);
  return core_->try_allocate(core_->rules().room_for(bytes, alignment), bytes, alignment);
}

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment) {
  void* const block = try_allocate_slow(bytes, alignment);
  if (block == nullptr) out_of_memory(bytes);
  return block;
}

void Arena::deallocate_slow(void* block) noexcept { core_->deallocate(block); }

void Arena::deallocate(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  if (core_->is_checking()) core_->check_bytes(block, bytes);
  core_->deallocate(block);
}

void Arena::deallocate_slow(void* block, std::size_t bytes, std::size_t alignment) noexcept {
  if (core_->is_checking()) core_->check_bytes(block, bytes, alignment);
  core_->deallocate(block);
}

std::size_t Arena::usable_bytes(const void* block) const noexcept {
  return core_->place_of(block).room;
}

bool Arena::try_resize(void* block, std::size_t bytes) noexcept {
  const detail::Place place = core_->place_of(block);
  return !place.chunk->is_huge() && core_->rules().may_stay(bytes, place.room);
}

bool Arena::owns(const void* pointer) const noexcept { return core_->owns(pointer); }

std::size_t Arena::trim() noexcept { return core_->trim(); }

std::size_t Arena::decay() noexcept { return core_->decay(); }

ArenaClassStats Arena::class_stats(std::size_t bytes) const noexcept {
  return core_->class_stats(core_->rules().room_for(bytes));
}

ArenaStats Arena::stats() const noexcept { return core_->stats(); }

}  // namespace tarn
