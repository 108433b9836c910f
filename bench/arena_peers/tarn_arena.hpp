// bench/arena_peers/tarn_arena.hpp - an Arena as it comes, and one with Netty's numbers.

#pragma once

#include "bench/arena_peers/arena_peer.hpp"
#include "tarn/arena/arena.hpp"

namespace tarn::bench {

class TarnArena {
 public:
  static constexpr const char* name = "tarn";

  explicit TarnArena(const ArenaOptions& options = {}) : arena_(options) {}

  void* allocate(std::size_t bytes) { return arena_.allocate(bytes); }
  void deallocate(void* block) { arena_.deallocate(block); }
  [[nodiscard]] std::size_t reserved_bytes() const { return arena_.stats().reserved_bytes; }

 private:
  Arena arena_;
};

class TarnExactArena : public TarnArena {
 public:
  static constexpr const char* name = "tarn exact";

  TarnExactArena() : TarnArena(ArenaOptions::netty_4_1()) {}
};

static_assert(ArenaPeer<TarnArena> && ArenaPeer<TarnExactArena>);

}  // namespace tarn::bench
