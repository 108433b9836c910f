// examples/http_server/memory.hpp - the one switch: where an object's memory comes from.
//
// Everything that lives and dies together shares a Memory, and takes its bytes from resource().
// The same objects are made and destroyed under either strategy; only the resource differs.
//
//     --memory=region                         --memory=malloc
//     resource() -> face -> Region            resource() -> operator new and delete
//                             |               handlers() -> what Asio does by itself: each thread
//                          chunks                           keeps its last blocks for the next one
//
// The tree of regions exists under both, so that the server looks the same to /stats; with malloc
// its regions stay empty, and an empty region never asks for memory.
//
// Threads:    one at a time, the one that made it.
// Lifetime:   a child ends with its parent at the latest. One without a parent may be put below one
//             and taken away again, emptied, as often as its owner is used again.

#pragma once

#include <memory_resource>
#include <string_view>

#include "tarn/adapt/region_resource.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/region/region.hpp"

namespace http_server {

enum class Strategy { malloc, region };

[[nodiscard]] std::string_view name_of(Strategy strategy) noexcept;

/// Returns the pool of the process's buffers: bytes between sockets, which no region is for. With
/// malloc nothing comes from it.
[[nodiscard]] tarn::BufferPool& buffers();

using Allocator = std::pmr::polymorphic_allocator<char>;

class Memory {
 public:
  Memory(Strategy strategy, const tarn::RegionOptions& options) noexcept
      : strategy_(strategy), region_(options) {}
  Memory(Memory& parent, const tarn::RegionOptions& options) noexcept
      : strategy_(parent.strategy_), region_(parent.region_, options) {}

  /// Puts this below `parent`, until rest().
  void begin_below(Memory& parent) noexcept { parent.region_.adopt(region_); }
  /// Ends all that is in here and takes this from its parent.
  void rest() noexcept {
    region_.reset(tarn::Retain::nothing());
    region_.detach();
  }

  [[nodiscard]] Strategy strategy() const noexcept { return strategy_; }
  [[nodiscard]] const tarn::Region& region() const noexcept { return region_; }

  [[nodiscard]] std::pmr::memory_resource* resource() noexcept {
    return strategy_ == Strategy::region ? &face_ : std::pmr::new_delete_resource();
  }
  [[nodiscard]] Allocator allocator() noexcept { return resource(); }

  /// For the operations that Asio and Beast keep while they wait for a socket.
  [[nodiscard]] Allocator handlers() noexcept;

 private:
  Strategy strategy_;
  tarn::Region region_;
  tarn::RegionResource face_{region_};
};

}  // namespace http_server
