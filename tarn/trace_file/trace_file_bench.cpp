// What reading and writing a trace costs: operations as a recorder numbers them, of one thread and
// of four that take turns. bytes_per_operation is the file.

#include <random>

#include <benchmark/benchmark.h>

#include "tarn/base/check.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t operation_count = 1 << 20;

// Requests of 40 blocks: sizes and stacks are a request's, which comes in a dozen kinds; the blocks
// are freed last first, but for a few that live on.
Program requests(std::uint32_t thread_count) {
  std::mt19937_64 random(1);
  Program program;
  std::uint64_t newest = 0;
  while (program.size() < operation_count) {
    const std::uint64_t kind = random() % 12;
    std::vector<std::uint64_t> blocks;
    Operation operation;
    operation.thread = static_cast<std::uint32_t>(random() % thread_count);
    operation.alignment_shift = 4;
    operation.kind = Kind::allocate;
    operation.time_ns = program.empty() ? 0 : program.back().time_ns + 5000;
    for (std::uint64_t i = 0; i < 40; ++i) {
      operation.time_ns += 30 + random() % 30;
      operation.block = ++newest;
      operation.bytes = 16 + (kind * 7 + i * i) % 400;
      operation.stack = static_cast<std::uint32_t>(kind * 40 + i + 1);
      program.push_back(operation);
      blocks.push_back(newest);
    }
    operation.kind = Kind::deallocate;
    operation.alignment_shift = 0;
    operation.bytes = 0;
    for (; !blocks.empty(); blocks.pop_back()) {
      operation.time_ns += 30 + random() % 30;
      operation.block = blocks.back();
      if (random() % 50 != 0) program.push_back(operation);
    }
  }
  return program;
}

Bytes file_of(const Program& program) {
  MemoryOutput output;
  TraceWriter writer(output, 16);
  for (const Operation& operation : program) writer.append(operation);
  TARN_CHECK(writer.close().has_value(), "memory refused bytes");
  return output.content();
}

void write(benchmark::State& state) {
  const Program program = requests(static_cast<std::uint32_t>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) bytes = file_of(program).size();
  const auto count = static_cast<double>(program.size());
  state.counters["bytes_per_operation"] = static_cast<double>(bytes) / count;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(program.size()));
}
BENCHMARK(write)->ArgName("threads")->Arg(1)->Arg(4);

void read(benchmark::State& state) {
  const Program program = requests(static_cast<std::uint32_t>(state.range(0)));
  const Bytes file = file_of(program);
  for (auto _ : state) {
    MemoryInput input(file);
    TraceReader reader(input);
    TARN_CHECK(reader.open().has_value(), "a file of its own is refused");
    std::uint64_t bytes = 0;
    for (auto section = reader.next(); !section->empty(); section = reader.next()) {
      for (const Operation& operation : *section) bytes += operation.bytes;
    }
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(program.size()));
}
BENCHMARK(read)->ArgName("threads")->Arg(1)->Arg(4);

}  // namespace
}  // namespace tarn::trace
