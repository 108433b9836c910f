#include "testing/arena_shadow.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>

#include "tarn/arena/arena_core.hpp"
#include "tarn/replay/arena_world.hpp"
#include "tarn/replay/replayer.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

using detail::Chunk;
using detail::ChunkLists;

class ArenaShadow {
 public:
  ArenaShadow(ArenaOptions options, Source& upstream, bool source_may_fail)
      : source_(upstream),
        world_(with_source(options, source_)),
        source_may_fail_(source_may_fail) {}

  [[nodiscard]] std::string run(const trace::Program& program) {
    Replayer replayer(world_);
    for (const trace::Operation& operation : program) {
      const Result<replay::Outcome> outcome = replayer.apply(operation);
      if (!outcome) return describe(outcome.error().message);
      forget_ended(replayer);
      if (operation.kind == trace::Kind::allocate) note(replayer, operation);
      if (++operation_count_ % 16 == 0) trim_all(replayer);
      check(replayer);
      if (!wrong_.empty()) return describe(wrong_);
    }
    return "";
  }

 private:
  using Replayer = replay::Replayer<replay::ArenaWorld>;

  struct Extent {
    std::uint64_t block;
    std::size_t bytes;
  };

  static ArenaOptions with_source(ArenaOptions options, Source& source) {
    options.source = &source;
    return options;
  }

  [[nodiscard]] std::string describe(const std::string& what) const {
    return "operation " + std::to_string(operation_count_) + ": " + what;
  }

  // What is refused must be too large for any memory, or the source's doing.
  void note(const Replayer& replayer, const trace::Operation& operation) {
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    const bool is_too_large = operation.bytes >= TrackingSource::chunk_bytes_max / 2;
    if (block.address == nullptr) {
      if (!is_too_large && !source_may_fail_) wrong_ = "a block was refused";
      return;
    }
    if (is_too_large) wrong_ = "a block was given that can not fit";
    Arena& arena = *replayer.pool(block.pool);
    const std::size_t room = arena.usable_bytes(block.address);
    const auto first = reinterpret_cast<std::uintptr_t>(block.address);
    if (first % std::max(operation.alignment(), std::uint64_t{16}) != 0) {
      wrong_ = "a block is not aligned";
    }
    if (room < std::max(operation.bytes, std::uint64_t{1})) wrong_ = "a block is too short";
    if (!source_.contains(block.address, room)) wrong_ = "a block is nowhere";
    if (!arena.owns(block.address)) wrong_ = "an arena does not know its block";
    const auto next = extents_.lower_bound(first);
    if ((next != extents_.end() && next->first < first + room) ||
        (next != extents_.begin() &&
         std::prev(next)->first + std::prev(next)->second.bytes > first)) {
      wrong_ = "two blocks overlap";
    }
    extents_[first] = {operation.block, room};
    for_each_end(first, room, [&](unsigned char* bytes, std::size_t count) {
      std::memset(bytes, pattern(operation.block), count);
    });
  }

  // Calls `visit(bytes, count)` for the beginning and the end of a room.
  template <typename Visit>
  static void for_each_end(std::uintptr_t first, std::size_t room, Visit visit) {
    auto* const bytes = reinterpret_cast<unsigned char*>(first);
    const std::size_t count = std::min<std::size_t>(room, 64);
    visit(bytes, count);
    visit(bytes + room - count, count);
  }

  static unsigned char pattern(std::uint64_t id) noexcept {
    return static_cast<unsigned char>(id * 37 + 1);
  }

  void forget_ended(const Replayer& replayer) {
    for (auto extent = extents_.begin(); extent != extents_.end();) {
      const bool lives = replayer.blocks().contains(extent->second.block);
      extent = lives ? std::next(extent) : extents_.erase(extent);
    }
  }

  template <typename Visit>
  void for_each_arena(const Replayer& replayer, Visit visit) {
    for (const auto& [id, pool] : replayer.ledger().pools()) {
      if (auto* const arena = replayer.pool(id)) visit(id, *arena);
    }
  }

  void trim_all(const Replayer& replayer) {
    for_each_arena(replayer, [](std::uint32_t, Arena& arena) { arena.trim(); });
  }

  void check(const Replayer& replayer) {
    for (const auto& [first, extent] : extents_) {
      const unsigned char expected = pattern(extent.block);
      for_each_end(first, extent.bytes, [&](const unsigned char* bytes, std::size_t count) {
        if (std::count(bytes, bytes + count, expected) != static_cast<std::ptrdiff_t>(count)) {
          wrong_ = "a block has lost its bytes";
        }
      });
    }
    std::map<std::uint32_t, std::size_t> used_bytes;
    for (const auto& [first, extent] : extents_) {
      used_bytes[replayer.blocks().at(extent.block).pool] += extent.bytes;
    }
    for_each_arena(replayer, [&](std::uint32_t id, Arena& arena) {
      const ArenaStats stats = arena.stats();
      if (stats.used_bytes != used_bytes[id]) {
        wrong_ = "arena " + std::to_string(id) + " counts " + std::to_string(stats.used_bytes) +
                 " bytes in use, there are " + std::to_string(used_bytes[id]);
      }
      if (stats.reserved_bytes > source_.live_bytes()) wrong_ = "an arena holds too much";
      check_lists(arena);
    });
  }

  void check_lists(Arena& arena) {
    detail::ArenaAccess::core(arena).shard(0).look(
        [&](const ChunkLists& lists, const detail::SubpagePool* pools) {
          for (std::size_t index = 0; index < ChunkLists::list_count; ++index) {
            const auto list = static_cast<ChunkLists::List>(index);
            const ChunkLists::Bounds bounds = ChunkLists::bounds_of(list);
            lists.for_each(list, [&](Chunk& chunk) {
              const unsigned usage = chunk.usage();
              if (chunk.list != list || usage < bounds.usage_min || usage >= bounds.usage_end) {
                wrong_ = "a chunk is in the wrong list";
              }
            });
          }
          lists.for_each(ChunkLists::leaving, [&](const Chunk& chunk) {
            if (!chunk.is_leaving || chunk.taken_bytes == 0)
              wrong_ = "a chunk leaves that should not";
          });
          for (std::size_t index = 0; index < detail::class_count_max; ++index) {
            for (const auto* page = pools[index].newest(); page != nullptr; page = page->next) {
              if (page->chunk->is_leaving) wrong_ = "slots are to be had of a chunk that leaves";
            }
          }
        });
  }

  TrackingSource source_;
  replay::ArenaWorld world_;
  bool source_may_fail_;
  std::map<std::uintptr_t, Extent> extents_;
  std::size_t operation_count_ = 0;
  std::string wrong_;
};

}  // namespace

ArenaOptions small_arena_options(Checking checking) {
  ArenaOptions options;
  options.page_bytes = 4096;
  options.chunk_bytes = 8 * options.page_bytes;
  options.shard_count = 1;
  options.tiny_cache_count = 4;
  options.small_cache_count = 2;
  options.normal_cache_count = 1;
  options.cache_trim_interval = 50;
  options.checking = checking;
  return options;
}

Alphabet arena_alphabet() {
  using trace::Kind;
  Alphabet alphabet;
  alphabet.kinds = {Kind::create,     Kind::destroy,    Kind::allocate,   Kind::allocate,
                    Kind::allocate,   Kind::allocate,   Kind::allocate,   Kind::allocate,
                    Kind::allocate,   Kind::deallocate, Kind::deallocate, Kind::deallocate,
                    Kind::deallocate, Kind::deallocate, Kind::reset};
  alphabet.block_bytes = {0,    1,     16,    17,    100,   496,   497,   512,
                          513,  1000,  2048,  2049,  4095,  4096,  4097,  8192,
                          8193, 16384, 16385, 20000, 32767, 32768, 32769, 50000};
  for (const unsigned less : {64u, 15u, 0u}) alphabet.block_bytes.push_back(UINT64_MAX - less);
  for (const std::uint64_t bytes : {30u, 200u, 600u, 1024u, 2000u, 4096u}) {
    for (int often = 0; often < 4; ++often) alphabet.block_bytes.push_back(bytes);
  }
  alphabet.alignment_shifts = {4, 4, 4, 4, 4, 4, 0, 5, 6, 9, 12, 13, 17};
  alphabet.limit_bytes = {trace::unlimited};
  alphabet.retain_bytes = {trace::unlimited, 0};
  alphabet.pools_max = 3;
  alphabet.blocks_max = 100;
  return alphabet;
}

std::string run_in_arena_shadow(const trace::Program& program, const ArenaOptions& options,
                                Source& upstream, bool source_may_fail) {
  return ArenaShadow(options, upstream, source_may_fail).run(program);
}

}  // namespace tarn
