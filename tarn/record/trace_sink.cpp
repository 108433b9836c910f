#include "tarn/record/trace_sink.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "tarn/trace/mix.hpp"

namespace tarn::record {

using trace::Kind;
using trace::Operation;

namespace {

// The thread that a program begins with; it need not begin.
constexpr std::uint32_t first_thread = 1;

// What called the outermost call, when that is not known.
constexpr std::uint64_t unknown_address = 0;

bool is_mark(RawKind kind) noexcept {
  return kind == RawKind::scope_begin || kind == RawKind::scope_end || kind == RawKind::phase;
}

std::string text_of(const RawEvent& event) {
  const std::string_view text(reinterpret_cast<const char*>(event.stack.data()),
                              event.stack.size_bytes());
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

TraceSink::TraceSink(std::string path, Stacks stacks, const StampScale& scale,
                     std::uint64_t sampling)
    : file_(std::move(path)),
      writer_(file_, 16),
      stacks_(stacks),
      scale_(scale),
      sampling_(sampling) {
  if (sampling != 1) writer_.add_note(trace::sampling_note, std::to_string(sampling));
}

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
  add(thread, events.front());
  for (const RawEvent& event : events.subspan(1)) {
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
  if (is_mark(event.kind)) return add_mark(event);
  if (event.kind == RawKind::thread_begin) return begin_thread(event);
  if (event.kind == RawKind::thread_name) return name_thread(event);
  Operation operation;
  operation.thread = event.thread;
  operation.stack = stack_of(thread, event);
  switch (event.kind) {
    case RawKind::allocate:
      return begin_block(operation, Kind::allocate, event);
    case RawKind::allocate_zeroed:
      return begin_block(operation, Kind::allocate_zeroed, event);
    case RawKind::deallocate:
      return end_block(operation, NotedBlock::unpack(book_.end(event.address)));
    case RawKind::reallocate_begin:
      thread.moving_from = event.address;
      thread.moving_block = NotedBlock::unpack(book_.end(event.address));
      return;
    case RawKind::reallocate_end:
      return end_reallocation(operation, thread, event);
    default:
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
  if (place_module(module)) writer_.add_module(module);
}

// Returns false if it lies there already: a process tells of all its modules whenever it finds one.
bool TraceSink::place_module(const trace::Module& module) {
  const auto end_of = [](const trace::Module& of) {
    return of.address + std::min(of.bytes, UINT64_MAX - of.address);
  };
  auto first = modules_.lower_bound(module.address);
  if (first != modules_.end() && first->second == module) return false;
  if (first != modules_.begin() && end_of(std::prev(first)->second) > module.address) --first;
  modules_.erase(first, modules_.lower_bound(end_of(module)));
  modules_[module.address] = module;
  return true;
}

void TraceSink::add_mark(const RawEvent& event) {
  Operation operation;
  operation.thread = event.thread;
  operation.other = static_cast<std::uint32_t>(event.address);
  if (event.kind == RawKind::scope_end) {
    if (open_scopes_.erase(operation.other) != 0) append(operation, Kind::scope_end);
    return;
  }
  const std::string name = text_of(event);
  operation.bytes = name.empty() ? 0 : writer_.add_name(name);
  if (event.kind == RawKind::phase) return append(operation, Kind::phase);
  if (open_scopes_.insert(operation.other).second) append(operation, Kind::scope_begin);
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
  const std::span<const std::uint64_t> addresses = event.stack.subspan(1);
  if (difference.tail != 0 && addresses.size() <= tail_call_count_max) {
    Tail& tail = thread.tail(difference.tail - 1);
    if (!addresses.empty()) {
      tail.count = addresses.size();
      tail.has_numbers = false;
      std::reverse_copy(addresses.begin(), addresses.end(), tail.addresses);
    }
    add_tail(thread, tail);
  } else {
    for (std::size_t i = addresses.size(); i-- > 0;) {
      thread.calls.push_back(writer_.add_stack(thread.innermost(), addresses[i]));
    }
  }
  return thread.innermost();
}

TraceSink::Tail& TraceSink::Thread::tail(std::uint32_t slot) {
  std::unique_ptr<Tail>& tail = tails[slot % tail_slot_count];
  if (tail == nullptr) tail = std::make_unique<Tail>();
  return *tail;
}

void TraceSink::add_tail(Thread& thread, Tail& tail) {
  if (!tail.has_numbers || tail.caller != thread.innermost()) {
    tail.has_numbers = true;
    std::uint32_t caller = tail.caller = thread.innermost();
    for (std::size_t i = 0; i < tail.count; ++i) {
      caller = tail.numbers[i] = writer_.add_stack(caller, tail.addresses[i]);
    }
  }
  // Not insert(), which calls memmove(): for two or three numbers that takes three times as long.
  for (std::size_t i = 0; i < tail.count; ++i) thread.calls.push_back(tail.numbers[i]);
}

void TraceSink::begin_block(Operation& operation, Kind kind, const RawEvent& event) {
  operation.block = book_.next_block();
  place_block(operation.block, event);
  operation.bytes = event.bytes;
  operation.alignment_shift = event.alignment_shift;
  append_if_sampled(operation, kind);
}

void TraceSink::place_block(std::uint64_t number, const RawEvent& event) {
  const NotedBlock block(number, event.bytes);
  book_.place(block.pack(), event.address);
  stats_.live_bytes += block.bytes();
}

void TraceSink::end_block(Operation& operation, NotedBlock block) {
  operation.block = block.number();
  stats_.live_bytes -= block.bytes();
  if (operation.block != 0) return append_if_sampled(operation, Kind::deallocate);
  ++stats_.unknown_count;
}

void TraceSink::end_reallocation(Operation& operation, Thread& thread, const RawEvent& event) {
  const NotedBlock block = std::exchange(thread.moving_block, {});
  const bool is_refused = event.address == 0 && event.bytes != 0;
  if (is_refused) {
    if (block.number() != 0) book_.place(block.pack(), thread.moving_from);
    return;
  }
  if (event.address == 0) return end_block(operation, block);
  if (block.number() == 0) return begin_block(operation, Kind::allocate, event);
  stats_.live_bytes -= block.bytes();
  place_block(block.number(), event);
  operation.block = block.number();
  operation.bytes = event.bytes;
  append_if_sampled(operation, Kind::reallocate);
}

// By a hash of the block's number: by every n-th number, a loop of n allocations would always leave
// the same ones out.
void TraceSink::append_if_sampled(Operation& operation, Kind kind) {
  if (sampling_ == 1 || trace::mix(operation.block) % sampling_ == 0) append(operation, kind);
}

void TraceSink::append(Operation& operation, Kind kind) {
  operation.kind = kind;
  operation.time_ns = now_ns_;
  writer_.append(operation);
  ++stats_.operation_count;
}

// A thread has the program's name, as its first thread has, or that of the thread which began it,
// until it is given its own.
void TraceSink::begin_thread(const RawEvent& event) {
  thread_numbers_[event.address] = event.thread;
  const std::string name = text_of(event);
  if (event.thread == first_thread) {
    program_name_ = name;
    writer_.add_note("program", name);
  }
  if (name != program_name_) set_name(event.thread, name);
}

void TraceSink::name_thread(const RawEvent& event) {
  if (event.address == 0) return set_name(event.thread, text_of(event));
  const auto named = thread_numbers_.find(event.address);
  // One that is not there has no events yet: it will find its name when it begins.
  if (named != thread_numbers_.end()) set_name(named->second, text_of(event));
}

// The first name of a thread is written at once, others of it when it ends: the last of them alone,
// as some programs say in a thread's name what it does at the moment.
void TraceSink::set_name(std::uint32_t number, std::string name) {
  Thread& thread = thread_of(number);
  const bool has_name = !thread.written_name.empty();
  thread.name = std::move(name);
  if (!has_name) write_name(number, thread);
}

void TraceSink::write_name(std::uint32_t number, Thread& thread) {
  if (thread.name == thread.written_name) return;
  writer_.add_note(trace::thread_note + std::to_string(number), thread.name);
  thread.written_name = thread.name;
}

void TraceSink::end_thread(std::uint32_t number) {
  const std::unique_ptr<Thread>* const thread = threads_.find(number);
  if (thread != nullptr) write_name(number, **thread);
  const bool had_begun = thread != nullptr && number != first_thread;
  threads_.erase(number);
  std::erase_if(thread_numbers_, [number](const auto& known) { return known.second == number; });
  if (!had_begun) return;
  Operation end;
  end.thread = number;
  append(end, Kind::thread_end);
}

Result<void> TraceSink::close() {
  threads_.for_each([this](std::uint64_t number, const std::unique_ptr<Thread>& thread) {
    write_name(static_cast<std::uint32_t>(number), *thread);
  });
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
