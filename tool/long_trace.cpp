// tool/long_trace.cpp - writes a trace of any length, of a program in which few blocks live: for
// memory_test.py, which asks what it takes to read it.
//
//     tarn_long_trace FILE OPERATIONS

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "tarn/trace_file/output.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t live_count = 10'000;
constexpr std::uint32_t time_unit_ns = 16;

std::vector<std::uint32_t> add_stacks(TraceWriter& writer) {
  constexpr int depth = 20;
  constexpr std::size_t site_count = 500;
  std::vector<std::uint32_t> sites(site_count);
  std::uint64_t address = 0x1000;
  for (std::uint32_t& stack : sites) {
    for (int call = 0; call < depth; ++call) stack = writer.add_stack(stack, address++);
  }
  return sites;
}

// A block begins, and takes the place of another one, which ends.
Result<void> write_trace(Output& output, std::uint64_t operation_count) {
  TraceWriter writer(output, time_unit_ns);
  std::mt19937_64 random(1);
  const std::vector<std::uint32_t> sites = add_stacks(writer);
  std::vector<std::uint64_t> live(live_count);
  Operation begin;
  Operation end;
  begin.kind = Kind::allocate;
  end.kind = Kind::deallocate;
  for (std::uint64_t i = 0; i < operation_count; i += 2) {
    std::uint64_t& place = live[random() % live_count];
    end.block = place;
    place = ++begin.block;
    begin.stack = sites[random() % sites.size()];
    begin.bytes = 16 + random() % 400;
    begin.time_ns += 50 + random() % 50;
    end.time_ns = begin.time_ns + time_unit_ns;
    writer.append(begin);
    if (end.block != 0) writer.append(end);
  }
  return writer.close();
}

}  // namespace
}  // namespace tarn::trace

int main(int argument_count, char** arguments) {
  using tarn::Result;
  namespace trace = tarn::trace;
  if (argument_count != 3) {
    std::fprintf(stderr, "usage: tarn_long_trace FILE OPERATIONS\n");
    return 2;
  }
  trace::FileOutput output(arguments[1]);
  Result<void> done = trace::write_trace(output, std::strtoull(arguments[2], nullptr, 10));
  if (done) done = output.close();
  if (!done) std::fprintf(stderr, "tarn_long_trace: %s\n", done.error().message);
  return done ? 0 : 1;
}
