#include "tarn/record/trace_sink.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace tarn::record {

using trace::Kind;
using trace::Operation;

namespace {

// The thread that a program begins with; it need not begin.
constexpr std::uint32_t first_thread = 1;

// What called the outermost call, when that is not known.
constexpr std::uint64_t unknown_address = 0;

}  // namespace

TraceSink::TraceSink(std::string path, Stacks stacks, const StampScale& scale)
    : file_(std::move(path)), writer_(file_, 16), stacks_(stacks), scale_(scale) {}

TraceSink::Thread& TraceSink::thread_of(std::uint32_t number) {
  std::unique_ptr<Thread>& thread = threads_.insert(number);
  if (thread != nullptr) return *thread;
  thread = std::make_unique<Thread>();
  if (number != first_thread) {
    Operation begin;
    begin.thread = number;
    append(begin, Kind::thread_begin);
  }
  return *thread;
}

void TraceSink::expect(std::span<const RawEvent> events) noexcept {
  for (const RawEvent& event : events) book_.prefetch(event.address);
}

void TraceSink::add(std::span<const RawEvent> events) {
  advance_to(events.front());
  Thread& thread = thread_of(events.front().thread);
  for (const RawEvent& event : events) {
    advance_to(event);
    add(thread, event);
  }
}

// A thread that was interrupted between its stamp and its record comes later than it says.
void TraceSink::advance_to(const RawEvent& event) noexcept {
  now_ns_ = std::max(now_ns_, scale_.ns(event.stamp));
}

void TraceSink::add(Thread& thread, const RawEvent& event) {
  if (event.kind == RawKind::module) return add_module(event);
  Operation operation;
  operation.thread = event.thread;
  operation.stack = stack_of(thread, event);
  switch (event.kind) {
    case RawKind::allocate:
      return begin_block(operation, Kind::allocate, event);
    case RawKind::allocate_zeroed:
      return begin_block(operation, Kind::allocate_zeroed, event);
    case RawKind::deallocate:
      return end_block(operation, book_.end(event.address));
    case RawKind::reallocate_begin:
      thread.moving_from = event.address;
      thread.moving_block = book_.end(event.address);
      return;
    case RawKind::reallocate_end:
      return end_reallocation(operation, thread, event);
    case RawKind::module:
      return;
  }
}

void TraceSink::add_module(const RawEvent& event) {
  ModuleWords words{};
  if (event.stack.size() < ModuleWords::fixed_count) return;
  std::memcpy(&words, event.stack.data(), sizeof words);
  const auto path = event.stack.subspan(ModuleWords::fixed_count);
  trace::Module module;
  module.address = event.address;
  module.bytes = words.bytes;
  module.file_offset = words.file_offset;
  const auto build_id_bytes = std::min<std::size_t>(words.build_id_bytes, sizeof words.build_id);
  for (const unsigned char byte : std::span(words.build_id).first(build_id_bytes)) {
    constexpr const char* digits = "0123456789abcdef";
    module.build_id.push_back(digits[byte >> 4]);
    module.build_id.push_back(digits[byte & 15]);
  }
  module.path.assign(reinterpret_cast<const char*>(path.data()),
                     std::min<std::size_t>(words.path_bytes, path.size_bytes()));
  writer_.add_module(module);
}

// Numbers of stacks are the writer's; a record says how the stack differs from the one before.
std::uint32_t TraceSink::stack_of(Thread& thread, const RawEvent& event) {
  if (event.stack.empty()) return 0;
  if (stacks_ == Stacks::caller) return writer_.add_stack(0, event.stack[0]);
  const StackWord difference = StackWord::unpack(event.stack[0]);
  if (difference.shared_count == 0) {
    thread.outside = difference.is_cut != 0 ? writer_.add_stack(0, unknown_address) : 0;
  }
  thread.calls.resize(
      std::min({std::size_t{difference.shared_count}, thread.calls.size(), stack_call_count_max}));
  for (std::size_t i = event.stack.size(); i-- > 1;) {
    const std::uint32_t caller = thread.calls.empty() ? thread.outside : thread.calls.back();
    thread.calls.push_back(writer_.add_stack(caller, event.stack[i]));
  }
  return thread.calls.empty() ? thread.outside : thread.calls.back();
}

void TraceSink::begin_block(Operation& operation, Kind kind, const RawEvent& event) {
  operation.block = book_.begin(event.address);
  operation.bytes = event.bytes;
  operation.alignment_shift = event.alignment_shift;
  append(operation, kind);
}

void TraceSink::end_block(Operation& operation, std::uint64_t block) {
  operation.block = block;
  if (block != 0) return append(operation, Kind::deallocate);
  ++stats_.unknown_count;
}

void TraceSink::end_reallocation(Operation& operation, Thread& thread, const RawEvent& event) {
  const std::uint64_t block = std::exchange(thread.moving_block, 0);
  const bool is_refused = event.address == 0 && event.bytes != 0;
  if (is_refused) {
    if (block != 0) book_.place(block, thread.moving_from);
    return;
  }
  if (event.address == 0) return end_block(operation, block);
  if (block == 0) return begin_block(operation, Kind::allocate, event);
  book_.place(block, event.address);
  operation.block = block;
  operation.bytes = event.bytes;
  append(operation, Kind::reallocate);
}

void TraceSink::append(Operation& operation, Kind kind) {
  operation.kind = kind;
  operation.time_ns = now_ns_;
  writer_.append(operation);
  ++stats_.event_count;
}

void TraceSink::end_thread(std::uint32_t number) {
  const bool had_begun = threads_.find(number) != nullptr && number != first_thread;
  threads_.erase(number);
  if (!had_begun) return;
  Operation end;
  end.thread = number;
  append(end, Kind::thread_end);
}

Result<void> TraceSink::close() {
  if (const Result<void> closed = writer_.close(); !closed) return closed;
  return file_.close();
}

TraceSinkStats TraceSink::stats() const noexcept {
  TraceSinkStats stats = stats_;
  stats.live_count = book_.count();
  stats.file_bytes = file_.bytes();
  return stats;
}

}  // namespace tarn::record
