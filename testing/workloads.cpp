#include "testing/workloads.hpp"

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

trace::Program growing_workload(std::size_t element_count, std::uint64_t element_bytes) {
  Writer writer;
  writer.create();
  const std::uint64_t block = writer.allocate(element_bytes, element_bytes);
  for (std::size_t i = 2; i <= element_count; ++i) writer.extend(block, i * element_bytes);
  writer.destroy();
  return writer.take();
}

}  // namespace tarn
