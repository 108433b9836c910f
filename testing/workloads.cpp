#include "testing/workloads.hpp"

#include <array>
#include <random>
#include <utility>
#include <vector>

namespace tarn {
namespace {

using trace::Kind;

class Writer {
 public:
  explicit Writer(std::uint64_t seed = 0) : random_(seed) {}

  void create() { append_in_pool(Kind::create).bytes = trace::unlimited; }
  void destroy() { append_in_pool(Kind::destroy); }

  void deallocate(std::uint64_t block) { append(Kind::deallocate).block = block; }

  void extend(std::uint64_t block, std::uint64_t bytes) {
    trace::Operation& operation = append(Kind::extend);
    operation.block = block;
    operation.bytes = bytes;
  }

  /// Returns the new block's id.
  std::uint64_t allocate(std::uint64_t bytes_min, std::uint64_t bytes_max) {
    trace::Operation& operation = append_in_pool(Kind::allocate);
    operation.block = next_block_++;
    operation.bytes = bytes_min + below(bytes_max - bytes_min + 1);
    operation.alignment_shift = 4;
    return operation.block;
  }

  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  [[nodiscard]] trace::Program take() { return std::move(program_); }

 private:
  trace::Operation& append(Kind kind) {
    trace::Operation& operation = program_.emplace_back();
    operation.kind = kind;
    return operation;
  }

  trace::Operation& append_in_pool(Kind kind) {
    trace::Operation& operation = append(kind);
    operation.pool = 1;
    return operation;
  }

  std::mt19937_64 random_;
  std::uint64_t next_block_ = 1;
  trace::Program program_;
};

// Blocks alive at the same time, of which a random one is the next to go.
template <typename Allocate>
class LiveSet {
 public:
  LiveSet(Writer& writer, Allocate allocate) : writer_(writer), allocate_(allocate) {}

  [[nodiscard]] std::size_t count() const { return blocks_.size(); }
  void grow() { blocks_.push_back(allocate_(writer_)); }
  void shrink() {
    std::swap(blocks_.back(), victim());
    writer_.deallocate(blocks_.back());
    blocks_.pop_back();
  }
  void replace() {
    std::uint64_t& block = victim();
    writer_.deallocate(block);
    block = allocate_(writer_);
  }

 private:
  [[nodiscard]] std::uint64_t& victim() { return blocks_[writer_.below(blocks_.size())]; }

  Writer& writer_;
  Allocate allocate_;
  std::vector<std::uint64_t> blocks_;
};

// Of a hundred buffers the first `below` are of at most `bytes_max` bytes, and larger than those of
// the band before.
struct Band {
  std::uint64_t below;
  std::uint64_t bytes_max;
};
constexpr std::array<Band, 6> bands{
    {{30, 64}, {70, 512}, {88, 1024}, {96, 4096}, {99, 16384}, {100, 18432}}};

std::uint64_t allocate_buffer(Writer& writer) {
  const std::uint64_t drawn = writer.below(100);
  std::uint64_t bytes_min = 9;
  auto band = bands.begin();
  for (; drawn >= band->below; ++band) bytes_min = band->bytes_max + 1;
  return writer.allocate(bytes_min, band->bytes_max);
}

template <typename Allocate>
trace::Program live_set(std::size_t live_count, std::size_t step_count, std::uint64_t seed,
                        Allocate allocate) {
  Writer writer(seed);
  LiveSet blocks(writer, allocate);
  writer.create();
  while (blocks.count() < live_count) blocks.grow();
  for (std::size_t step = 0; step < step_count; ++step) blocks.replace();
  writer.destroy();
  return writer.take();
}

}  // namespace

trace::Program request_workload(std::size_t request_count, std::uint64_t seed) {
  Writer writer(seed);
  for (std::size_t request = 0; request < request_count; ++request) {
    writer.create();
    for (int header = 0; header < 50; ++header) writer.allocate(32, 127);
    writer.allocate(1024, 9 * 1024 - 1);
    for (int part = 0; part < 20; ++part) writer.allocate(64, 319);
    writer.destroy();
  }
  return writer.take();
}

trace::Program lifetimes_workload(std::size_t pool_count, std::size_t block_count,
                                  std::uint64_t bytes_min, std::uint64_t bytes_max,
                                  std::uint64_t seed) {
  Writer writer(seed);
  for (std::size_t pool = 0; pool < pool_count; ++pool) {
    writer.create();
    for (std::size_t i = 0; i < block_count; ++i) writer.allocate(bytes_min, bytes_max);
    writer.destroy();
  }
  return writer.take();
}

trace::Program freeing_workload(std::size_t block_count, std::uint64_t bytes, std::uint64_t seed) {
  Writer writer(seed);
  writer.create();
  std::vector<std::uint64_t> blocks(block_count);
  for (std::uint64_t& block : blocks) block = writer.allocate(bytes, bytes);
  for (; !blocks.empty(); blocks.pop_back()) {
    std::swap(blocks.back(), blocks[writer.below(blocks.size())]);
    writer.deallocate(blocks.back());
  }
  writer.destroy();
  return writer.take();
}

trace::Program mixed_workload(std::size_t step_count, std::uint64_t seed) {
  constexpr std::size_t large_count = 16;
  Writer writer(seed);
  writer.create();
  std::vector<std::uint64_t> large;
  for (std::size_t step = 0; step < step_count; ++step) {
    writer.allocate(16, 256);
    const std::uint64_t block = writer.allocate(32 * 1024, 64 * 1024);
    if (large.size() < large_count) {
      large.push_back(block);
    } else {
      writer.deallocate(std::exchange(large[writer.below(large_count)], block));
    }
  }
  writer.destroy();
  return writer.take();
}

trace::Program live_set_workload(std::size_t live_count, std::size_t step_count,
                                 std::uint64_t bytes_min, std::uint64_t bytes_max,
                                 std::uint64_t seed) {
  return live_set(live_count, step_count, seed,
                  [=](Writer& writer) { return writer.allocate(bytes_min, bytes_max); });
}

trace::Program buffers_workload(std::size_t live_count, std::size_t step_count,
                                std::uint64_t seed) {
  return live_set(live_count, step_count, seed, allocate_buffer);
}

trace::Program tide_workload(std::size_t live_min, std::size_t live_max, std::size_t step_count,
                             std::uint64_t seed) {
  Writer writer(seed);
  LiveSet blocks(writer, allocate_buffer);
  writer.create();
  while (blocks.count() < live_min) blocks.grow();
  const std::size_t high_water = step_count / 2;
  for (std::size_t step = 1; step <= step_count; ++step) {
    const std::size_t from_end = step <= high_water ? step : step_count - step;
    const std::size_t wanted = live_min + (live_max - live_min) * from_end / high_water;
    if (blocks.count() < wanted) {
      blocks.grow();
    } else if (blocks.count() > wanted) {
      blocks.shrink();
    } else {
      blocks.replace();
    }
  }
  writer.destroy();
  return writer.take();
}

trace::Program growing_workload(std::size_t element_count, std::uint64_t element_bytes) {
  Writer writer;
  writer.create();
  const std::uint64_t block = writer.allocate(element_bytes, element_bytes);
  for (std::size_t i = 2; i <= element_count; ++i) writer.extend(block, i * element_bytes);
  writer.destroy();
  return writer.take();
}

}  // namespace tarn
