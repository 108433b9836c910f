// tarn/replay/arena_world.hpp - programs run against arenas.
//
// Every pool of the program is an arena of its own. Parents and limits mean nothing; the replayer
// frees what ends together one by one.
//
// Threads:    as Arena.
// Failure:    as Arena: nullptr.
// Lifetime:   a world outlives its replayer, and its arenas live as long as it.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/world.hpp"

namespace tarn::replay {

class ArenaWorld {
 public:
  using Pool = Arena;
  using CleanupHandle = NoCleanups;

  explicit ArenaWorld(const ArenaOptions& options = {}) noexcept : options_(options) {}

  [[nodiscard]] Arena* create(Arena*, std::size_t) {
    arenas_.push_back(std::make_unique<Arena>(options_));
    return arenas_.back().get();
  }
  void destroy(Arena*) noexcept {}

 private:
  ArenaOptions options_;
  std::vector<std::unique_ptr<Arena>> arenas_;
};

}  // namespace tarn::replay
