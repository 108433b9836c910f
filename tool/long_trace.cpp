// tool/long_trace.cpp - writes a trace of any length, of a program in which few threads, blocks,
// scopes and marks live: for memory_test.py, which asks what it takes to read it.
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

// Two threads take turns, each turn a scope in the one that is open from the beginning to the end.
// In the second thread's place, and in that of each block, comes another one after a while.
class LongProgram {
 public:
  explicit LongProgram(TraceWriter& writer) : writer_(writer), sites_(add_stacks(writer)) {}

  void write(std::uint64_t operation_count) {
    append(Kind::create, pool, 0, unlimited);
    append(Kind::scope_begin, 0, outer_scope, 0);
    begin_second_thread();
    while (operation_count_ < operation_count) write_turn();
    thread_ = 0;
    append(Kind::scope_end, 0, outer_scope, 0);
  }

 private:
  static constexpr std::uint32_t pool = 1;
  static constexpr std::uint32_t outer_scope = 1;
  static constexpr std::uint32_t turns_of_a_thread = 10;  // about 1000 operations
  static constexpr std::uint32_t turns_of_a_mark = 100;
  static constexpr int blocks_to_a_turn = 50;

  void write_turn() {
    ++turn_;
    if (turn_ % turns_of_a_thread == 0) replace_second_thread();
    thread_ = thread_ == 0 ? second_thread_ : 0;
    append(Kind::scope_begin, 0, ++scope_, 1);
    append(Kind::mark, pool, ++mark_, 0);
    begin_block(pool);
    append(Kind::rewind, pool, mark_, 0);
    for (int i = 0; i < blocks_to_a_turn; ++i) replace_block();
    if (turn_ % turns_of_a_mark == 0) end_marks();
    append(Kind::scope_end, 0, scope_, 0);
  }

  void begin_second_thread() {
    thread_ = ++second_thread_;
    append(Kind::thread_begin, 0, 0, 0);
  }

  void replace_second_thread() {
    thread_ = second_thread_;
    append(Kind::thread_end, 0, 0, 0);
    begin_second_thread();
  }

  // All but the oldest with a rewind to that one, which ends with the reset.
  void end_marks() {
    append(Kind::rewind, pool, mark_ - turns_of_a_mark + 1, 0);
    append(Kind::reset, pool, 0, unlimited);
  }

  // A block begins, and takes the place of another one, which ends.
  void replace_block() {
    std::uint64_t& place = live_[random_() % live_.size()];
    const std::uint64_t before = place;
    place = begin_block(heap_pool);
    if (before != 0) append(Kind::deallocate, heap_pool, 0, 0, before);
  }

  std::uint64_t begin_block(std::uint32_t its_pool) {
    append(Kind::allocate, its_pool, 0, 16 + random_() % 400, ++block_);
    return block_;
  }

  void append(Kind kind, std::uint32_t its_pool, std::uint32_t other, std::uint64_t bytes,
              std::uint64_t block = 0) {
    Operation operation;
    operation.kind = kind;
    operation.pool = its_pool;
    operation.other = other;
    operation.bytes = bytes;
    operation.block = block;
    operation.thread = thread_;
    operation.time_ns = time_ns_ += 30 + random_() % 30;
    if (kind == Kind::allocate) operation.stack = sites_[random_() % sites_.size()];
    writer_.append(operation);
    ++operation_count_;
  }

  TraceWriter& writer_;
  const std::vector<std::uint32_t> sites_;
  std::mt19937_64 random_{1};
  std::vector<std::uint64_t> live_ = std::vector<std::uint64_t>(live_count);
  std::uint64_t operation_count_ = 0;
  std::uint32_t turn_ = 0;
  std::uint64_t time_ns_ = 0;
  std::uint64_t block_ = 0;
  std::uint32_t scope_ = outer_scope;
  std::uint32_t mark_ = 0;
  std::uint32_t thread_ = 0;
  std::uint32_t second_thread_ = 0;
};

Result<void> write_trace(Output& output, std::uint64_t operation_count) {
  TraceWriter writer(output, time_unit_ns);
  LongProgram(writer).write(operation_count);
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
