// tarn/arena/arena_core.hpp - what an Arena is made of: its shards, and the checks around them.
//
//     request --> room by the size rules --> shard --> place --> home noted --> block
//     block --> chunk by its address --> place --> checks --> shard
//
// Threads:    any.
// Failure:    nullptr; a mistake of the user's stops the program when checking.
// Invariant:  the home of a place is not_in_use exactly while no user holds its block.

#pragma once

#include <cstddef>

#include "tarn/arena/arena.hpp"
#include "tarn/arena/shard.hpp"

namespace tarn::detail {

class ArenaCore {
 public:
  /// Returns a core, or nullptr if the heap refuses it.
  [[nodiscard]] static ArenaCore* create(const ArenaOptions& options) noexcept;
  static void destroy(ArenaCore* core) noexcept;

  /// As Arena::try_allocate(), of a room by the size rules.
  [[nodiscard]] void* try_allocate(std::size_t room, std::size_t bytes,
                                   std::size_t alignment) noexcept;
  void deallocate(void* block) noexcept;
  void deallocate_sized(void* block, std::size_t bytes, std::size_t alignment) noexcept;

  /// Returns the place of a block in use.
  [[nodiscard]] Place place_of(const void* block) const noexcept {
    return Chunk::of(block, commons_.shape.span_bytes)->place_of(block);
  }
  [[nodiscard]] bool owns(const void* pointer) const noexcept;
  std::size_t trim() noexcept;
  [[nodiscard]] ArenaStats stats() const noexcept;

  [[nodiscard]] const SizeRules& rules() const noexcept { return commons_.shape.rules; }
  [[nodiscard]] bool is_checking() const noexcept { return commons_.is_checking; }
  [[nodiscard]] std::size_t shard_count() const noexcept { return shard_count_; }
  [[nodiscard]] Shard& shard(std::size_t index) const noexcept { return shards_[index]; }

 private:
  ArenaCore(const ArenaOptions& options, std::size_t shard_count) noexcept;
  ~ArenaCore();

  void check_in_use(const void* block) const noexcept;
  void check_bytes(const void* block, std::size_t bytes, std::size_t alignment) const noexcept;
  void check_nothing_in_use() const noexcept;

  ArenaOptions options_;
  ShardCommons commons_;
  std::size_t shard_count_;
  Shard* shards_;
};

}  // namespace tarn::detail
