#include "testing/arena_shadow.hpp"

#include <cstdint>

#include "tarn/arena/arena_core.hpp"
#include "tarn/replay/arena_world.hpp"
#include "testing/pool_shadow.hpp"

namespace tarn {
namespace {

using detail::Chunk;
using detail::ChunkLists;

class ArenaShadow final : private PoolShadow<replay::ArenaWorld> {
 public:
  ArenaShadow(ArenaOptions options, Source& upstream, bool source_may_fail)
      : PoolShadow(upstream, source_may_fail, fundamental_alignment, 16),
        world_(with_source(options, source_)) {}

  [[nodiscard]] std::string run(const trace::Program& program) {
    return PoolShadow::run(program, world_);
  }

 private:
  static ArenaOptions with_source(ArenaOptions options, Source& source) {
    options.source = &source;
    return options;
  }

  [[nodiscard]] bool fits(const trace::Operation& operation) const override {
    return operation.bytes < TrackingSource::chunk_bytes_max / 2;
  }
  [[nodiscard]] std::size_t room_of(Arena& arena, const void* block) const override {
    return arena.owns(block) ? arena.usable_bytes(block) : 0;
  }
  void trim(Arena& arena) override { arena.trim(); }

  void check_pool(std::uint32_t id, Arena& arena, const Use& use, bool) override {
    const ArenaStats stats = arena.stats();
    if (stats.used_bytes != use.bytes) {
      wrong_ = "arena " + std::to_string(id) + " counts " + std::to_string(stats.used_bytes) +
               " bytes in use, there are " + std::to_string(use.bytes);
    }
    if (stats.reserved_bytes > source_.live_bytes()) wrong_ = "an arena holds too much";
    check_lists(arena);
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

  replay::ArenaWorld world_;
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
                    Kind::deallocate, Kind::deallocate, Kind::reset,      Kind::reallocate};
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
