// Writes scripts of allocations by seed, and runs them on tarn as NettyScript.java does on Netty.
//
//     netty_script generate SEED OPERATIONS > SCRIPT       netty_script run SCRIPT OUTPUT
//
//     config direct=0 page=8192 order=7 tiny=512 small=256 normal=64 alignment=0 interval=8192
//     allocate block=1 bytes=100          operations as text, where `extend` and `shrink` may move
//     extend block=1 bytes=300            the block, as Netty's ByteBuf.capacity() does
//     trim                                gives back what the thread's cache has not needed
//     end_thread                          no block is in use
//     dump                                lists, subpages, counts
//
// A block is printed as it is after each operation: chunks by number in the order of their making,
// the original's handle, offset, length and maximal length.

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tarn/arena/arena_core.hpp"
#include "tarn/base/check.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/choices.hpp"

namespace tarn {
namespace {

using detail::ArenaAccess;
using detail::ArenaCore;
using detail::Chunk;
using detail::ChunkLists;
using detail::Place;
using detail::SizeKind;
using detail::Subpage;

struct Config {
  unsigned direct = 0;
  unsigned page = 8192;
  unsigned order = 7;
  unsigned tiny = 512;
  unsigned small = 256;
  unsigned normal = 64;
  unsigned alignment = 0;
  unsigned interval = 8192;

  [[nodiscard]] std::size_t chunk_bytes() const { return std::size_t{page} << order; }
};

constexpr const char* config_format =
    "config direct=%u page=%u order=%u tiny=%u small=%u normal=%u alignment=%u interval=%u";

// ---- scripts ------------------------------------------------------------------------------------

class Generator {
 public:
  Generator(std::uint64_t seed, std::size_t operation_count)
      : choices_(seed), operation_count_(operation_count) {
    config_.direct = static_cast<unsigned>(seed % 2);
    config_.page = one_of<unsigned>({4096, 8192, 8192, 8192, 16384});
    config_.order = one_of<unsigned>({0, 1, 3, 4, 5, 7, 9, 11});
    const bool is_cached = seed / 2 % 2 != 0;
    config_.tiny = is_cached ? one_of<unsigned>({512, 512, 3, 0}) : 0;
    config_.small = is_cached ? one_of<unsigned>({256, 256, 2, 0}) : 0;
    config_.normal = is_cached ? one_of<unsigned>({64, 64, 1, 0}) : 0;
    config_.alignment = one_of<unsigned>({0, 0, 64, 256});
    // The original takes it from a property of the process: netty_test.py starts one for each.
    config_.interval = seed / 4 % 2 != 0 ? 97 : 8192;
  }

  void write() {
    std::printf(config_format, config_.direct, config_.page, config_.order, config_.tiny,
                config_.small, config_.normal, config_.alignment, config_.interval);
    std::printf("\n");
    for (std::size_t count = 0; count < operation_count_; ++count) {
      if (count % phase_operations == 0) begin_phase();
      step();
      if (choices_.choose(40) == 0) std::printf("dump\n");
      if (choices_.choose(500) == 0) std::printf("trim\n");
      if (choices_.choose(std::max<std::size_t>(4000, operation_count_ / 2)) == 0) end_thread();
    }
    end_thread();
  }

 private:
  static constexpr std::size_t phase_operations = 400;

  template <typename T>
  T one_of(std::vector<T> values) {
    return values[choices_.choose(values.size())];
  }

  // Phases of growth and of shrinking, of mostly small or mostly large blocks.
  void begin_phase() {
    growth_percent_ = 30 + choices_.choose(50);
    size_bias_ = choices_.choose(4);
  }

  void step() {
    const bool grows = choices_.choose(100) < growth_percent_ && live_bytes_ < live_bytes_max();
    if (blocks_.empty() || (grows && choices_.choose(8) != 0)) {
      allocate();
    } else if (choices_.choose(6) == 0) {
      resize();
    } else {
      deallocate(choices_.choose(blocks_.size()));
    }
  }

  [[nodiscard]] std::size_t live_bytes_max() const {
    return std::min<std::size_t>(12 * config_.chunk_bytes(), std::size_t{100} << 20);
  }

  [[nodiscard]] std::size_t choose_bytes() {
    const std::size_t chunk = config_.chunk_bytes();
    switch (choices_.choose(8) + size_bias_) {
      case 0:
      case 1:
      case 2:
        return choices_.choose(530);
      case 3:
      case 4:
        return choices_.choose(config_.page + 2);
      case 5:
        return choices_.choose(5 * std::size_t{config_.page});
      case 6:
        return choices_.choose(chunk / 4 + 2);
      case 7: {  // around each power of two
        const std::size_t power = std::size_t{1} << choices_.choose(config_.order + 14);
        return std::min(power - 1 + choices_.choose(3), chunk);
      }
      case 8:
        return choices_.choose(chunk / 2 + 2);
      default:
        return choices_.choose(6) == 0 ? chunk - 1 + choices_.choose(chunk + 2)
                                       : choices_.choose(3 * std::size_t{config_.page});
    }
  }

  void print(trace::Kind kind, std::uint64_t id, std::size_t bytes) {
    trace::Operation operation;
    operation.kind = kind;
    operation.block = id;
    operation.bytes = bytes;
    std::string text;
    trace::append_text(operation, text);
    std::printf("%s", text.c_str());
  }

  void allocate() {
    const std::size_t bytes = choose_bytes();
    blocks_.push_back({++id_, bytes});
    live_bytes_ += bytes;
    print(trace::Kind::allocate, id_, bytes);
  }

  void resize() {
    Live& block = blocks_[choices_.choose(blocks_.size())];
    const std::size_t bytes =
        choices_.choose(3) == 0 ? choose_bytes() : choices_.choose(2 * block.bytes + 20);
    print(bytes > block.bytes ? trace::Kind::extend : trace::Kind::shrink, block.id, bytes);
    live_bytes_ += bytes - block.bytes;
    block.bytes = bytes;
  }

  void deallocate(std::size_t index) {
    std::swap(blocks_[index], blocks_.back());
    live_bytes_ -= blocks_.back().bytes;
    print(trace::Kind::deallocate, blocks_.back().id, 0);
    blocks_.pop_back();
  }

  void end_thread() {
    while (!blocks_.empty()) deallocate(choices_.choose(blocks_.size()));
    std::printf("dump\nend_thread\ndump\n");
  }

  struct Live {
    std::uint64_t id;
    std::size_t bytes;
  };

  RandomChoices choices_;
  std::size_t operation_count_;
  Config config_;
  std::vector<Live> blocks_;
  std::uint64_t id_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t growth_percent_ = 50;
  std::size_t size_bias_ = 0;
};

// ---- tarn ---------------------------------------------------------------------------------------

// Numbers the chunks it gives.
class NumberingSource final : public Source {
 public:
  explicit NumberingSource(Source& upstream) : upstream_(upstream) {}

  [[nodiscard]] int number_of(const Chunk& chunk) const { return numbers_.at(chunk.acquired); }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    void* const chunk = upstream_.acquire(bytes, alignment);
    TARN_CHECK(chunk != nullptr, "no memory for the script");
    numbers_[chunk] = ++count_;
    return chunk;
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    numbers_.erase(chunk);
    upstream_.release(chunk, bytes, alignment);
  }

  Source& upstream_;
  std::map<void*, int> numbers_;
  int count_ = 0;
};

class Runner {
 public:
  Runner(const Config& config, std::FILE* out)
      : source_(config.direct != 0 ? static_cast<Source&>(mapped_) : heap_source()),
        arena_(options_of(config, source_)),
        out_(out) {}

  // A thread of the script is a thread.
  void run(const std::vector<std::string>& lines) {
    auto begin = lines.begin();
    while (begin != lines.end()) {
      const auto end = std::find(begin, lines.end(), "end_thread");
      std::thread([&] { std::for_each(begin, end, [&](const auto& line) { step(line); }); }).join();
      begin = end == lines.end() ? end : end + 1;
    }
  }

 private:
  static ArenaOptions options_of(const Config& config, Source& source) {
    ArenaOptions options = ArenaOptions::netty_4_1();
    options.source = &source;
    options.page_bytes = config.page;
    options.chunk_bytes = config.chunk_bytes();
    options.shard_count = 1;
    options.tiny_cache_count = config.tiny;
    options.small_cache_count = config.small;
    options.normal_cache_count = config.normal;
    options.block_alignment = config.alignment;
    options.cache_trim_interval = config.interval;
    return options;
  }

  ArenaCore& core() { return ArenaAccess::core(arena_); }

  void step(const std::string& line) {
    if (line == "dump") return dump();
    if (line == "trim") return core().this_cache()->give_back_unneeded();
    const Result<trace::Operation> operation = trace::parse_operation(line);
    TARN_CHECK(operation.has_value(), "%s: %s", line.c_str(), operation.error().message);
    const std::uint64_t id = operation->block;
    const auto bytes = static_cast<std::size_t>(operation->bytes);
    if (operation->kind == trace::Kind::allocate) {
      blocks_[id] = {allocate(bytes), bytes};
    } else if (operation->kind == trace::Kind::deallocate) {
      arena_.deallocate(blocks_.at(id).address);
      blocks_.erase(id);
      return;
    } else {
      resize(blocks_.at(id), bytes);
    }
    print(id, blocks_.at(id));
  }

  // Past the face, which makes one byte of none.
  void* allocate(std::size_t bytes) {
    return core().try_allocate(core().rules().room_for(bytes), bytes, fundamental_alignment);
  }

  struct Live {
    void* address;
    std::size_t bytes;
  };

  // As PooledByteBuf.capacity(): what grows may stay where it fits.
  void resize(Live& block, std::size_t bytes) {
    const Place old = core().place_of(block.address);
    const bool stays = bytes == block.bytes || arena_.try_resize(block.address, bytes) ||
                       (!old.chunk->is_huge() && bytes > block.bytes && bytes <= old.room);
    if (!stays) {
      void* const moved = allocate(bytes);
      std::memcpy(moved, block.address, std::min(bytes, block.bytes));
      // The original's buffer has forgotten its cache when it has become huge.
      const bool is_huge = core().place_of(moved).chunk->is_huge();
      is_huge ? core().deallocate_past_cache(block.address) : arena_.deallocate(block.address);
      block.address = moved;
    }
    block.bytes = bytes;
  }

  void print(std::uint64_t id, const Live& block) {
    const Place place = core().place_of(block.address);
    const std::ptrdiff_t offset =
        place.chunk->is_huge() ? 0 : static_cast<std::byte*>(block.address) - place.chunk->pages();
    std::fprintf(
        out_, "block %" PRIu64 " chunk %d handle %" PRIu64 " offset %td length %zu room %zu\n", id,
        source_.number_of(*place.chunk), place.handle, offset, block.bytes, place.room);
  }

  void dump() {
    core().shard(0).look([&](const ChunkLists& lists, const detail::SubpagePool* pools) {
      constexpr const char* names[] = {"init", "q000", "q025", "q050", "q075", "q100"};
      for (std::size_t list = 0; list < ChunkLists::list_count; ++list) {
        std::fprintf(out_, "%s", names[list]);
        lists.for_each(static_cast<ChunkLists::List>(list), [&](const Chunk& chunk) {
          std::fprintf(out_, " [%d %u%% %zu]", source_.number_of(chunk), chunk.usage(),
                       chunk.free_bytes);
        });
        std::fprintf(out_, "\n");
      }
      dump("tiny", pools, 0, detail::tiny_class_count);
      dump("small", pools, detail::tiny_class_count, core().rules().subpage_class_count());
    });
    dump_counts();
  }

  void dump(const char* kind, const detail::SubpagePool* pools, unsigned begin, unsigned end) {
    std::fprintf(out_, "%s", kind);
    for (unsigned size_class = begin; size_class < end; ++size_class) {
      for (const Subpage* subpage = pools[size_class].newest(); subpage != nullptr;
           subpage = subpage->next) {
        std::fprintf(out_, " [%d %u", source_.number_of(*subpage->chunk), subpage->slot_bytes);
        if (subpage->slot_bytes != 0) {
          std::fprintf(out_, " %u/%u", subpage->available, subpage->capacity);
        }
        std::fprintf(out_, "]");
      }
    }
    std::fprintf(out_, "\n");
  }

  void dump_counts() {
    const detail::ShardCounts counts = core().shard(0).counts();
    constexpr const char* names[] = {"tiny", "small", "normal", "huge"};
    std::fprintf(out_, "counts");
    for (std::size_t kind = 0; kind < detail::size_kind_count; ++kind) {
      std::fprintf(out_, " %s %" PRIu64 " %" PRIu64, names[kind],
                   counts.kinds[kind].allocation_count, counts.kinds[kind].deallocation_count);
    }
    const std::size_t chunk_bytes = core().rules().chunk_bytes;
    std::fprintf(out_, " active_bytes %zu threads %zu\n",
                 counts.chunk_count * chunk_bytes + counts.huge_bytes,
                 core().shard(0).thread_count());
  }

  MappedSource mapped_;
  NumberingSource source_;
  Arena arena_;
  std::FILE* out_;
  std::map<std::uint64_t, Live> blocks_;
};

int run(const char* script_name, const char* output_name) {
  std::ifstream script(script_name);
  std::string line;
  std::getline(script, line);
  Config config;
  const int field_count =
      std::sscanf(line.c_str(), config_format, &config.direct, &config.page, &config.order,
                  &config.tiny, &config.small, &config.normal, &config.alignment, &config.interval);
  TARN_CHECK(field_count == 8, "%s: %s: not a config", script_name, line.c_str());
  std::vector<std::string> lines;
  while (std::getline(script, line)) lines.push_back(line);
  std::FILE* const out = std::fopen(output_name, "w");
  TARN_CHECK(out != nullptr, "%s can not be written", output_name);
  Runner(config, out).run(lines);
  return std::fclose(out);
}

}  // namespace
}  // namespace tarn

int main(int argument_count, char** arguments) {
  const std::string mode = argument_count == 4 ? arguments[1] : "";
  if (mode == "generate") {
    tarn::Generator(std::strtoull(arguments[2], nullptr, 10),
                    std::strtoull(arguments[3], nullptr, 10))
        .write();
    return 0;
  }
  if (mode == "run") return tarn::run(arguments[2], arguments[3]);
  std::fprintf(stderr, "usage: netty_script generate SEED OPERATIONS | run SCRIPT OUTPUT\n");
  return 2;
}
