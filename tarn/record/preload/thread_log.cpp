#include "tarn/record/preload/thread_log.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/record/preload/module_log.hpp"
#include "tarn/record/preload/next.hpp"
#include "tarn/record/preload/process_log.hpp"

namespace tarn::record {

thread_local constinit ThisThread this_thread{};

namespace {

// What one event writes at most: the two records of a reallocation, of which the end has a stack.
static_assert(!has_stack(RawKind::reallocate_begin) && !has_bytes(RawKind::reallocate_begin));
constexpr std::size_t event_words_max = 2 + 3 + CallStackLog::words_max;

// What is fetched ahead is of the thread's own buffer.
static_assert(fetched_ahead_words < event_words_max);

ThreadLog* begin_log(ProcessLog& process) noexcept {
  ThreadLog* const log = claim_thread_log(process, thread_number());
  if (log == nullptr) {
    process.session->unrecorded_thread_count.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  std::memset(static_cast<void*>(log), 0, offsetof(ThreadLog, calls));
  log->calls.begin();
  log->begin = process.session->begin;
  log->clock = process.session->clock;
  log->stacks = process.session->stacks;
  log->number = process.thread_count.fetch_add(1, std::memory_order_relaxed) + 1;
  log->thread_id = thread_number();
  log->process = &process;
  log->process_thread_count = &process.thread_count;
  return log;
}

std::uint64_t* limit_of(Buffer& buffer) noexcept {
  return buffer.words + Buffer::capacity - event_words_max + 1;
}

// The stamp comes before the name is read: who gives the thread another one has a later stamp.
void write_beginning(ThreadLog& log) noexcept {
  const std::uint64_t stamp = log.before();
  char name[thread_name_bytes];
  this_thread_name(name);
  log.append_text(RawKind::thread_begin, stamp, static_cast<std::uint64_t>(log.thread_id), name);
}

bool begin_buffer(ProcessLog& process, ThreadLog& log) noexcept {
  if (log.buffer != nullptr) hand_over(*process.session, *log.buffer);
  log.cursor = log.limit = nullptr;
  log.buffer = claim_buffer(*process.session);
  if (log.buffer == nullptr) return false;
  log.buffer->thread_id = log.thread_id;
  log.buffer->process = process.number;
  log.buffer->thread = log.number;
  log.buffer->sequence = ++log.sequence;
  log.buffer->nested_count.store(0, std::memory_order_relaxed);
  log.buffer->word_count.store(0, std::memory_order_relaxed);
  // The recorder looks at the rest when it sees this; pairs with its load.
  log.buffer->process_id.store(process.process_id, std::memory_order_release);
  log.cursor = log.buffer->words;
  if (log.sequence == 1) write_beginning(log);
  return true;
}

bool has_room(const ThreadLog& log) noexcept {
  return log.cursor != nullptr && log.cursor < limit_of(*log.buffer);
}

// Room for a module is there wherever there is room for an event with its stacks.
static_assert(event_words_max > 2 + ModuleWords::fixed_count + CodeRange::path_bytes / 8);

bool try_prepare(ThisThread& thread) noexcept {
  resolve_next();
  ProcessLog* const process = process_log();
  if (process == nullptr) return false;  // or not yet
  if (thread.log == nullptr || thread.log->number == 0) thread.log = begin_log(*process);
  ThreadLog* const log = thread.log;
  bool is_ready = log != nullptr && (has_room(*log) || begin_buffer(*process, *log));
  while (is_ready && has_modules_to_write(*process)) {
    is_ready = write_modules(*process, *log) || begin_buffer(*process, *log);
  }
  if (is_ready && !has_room(*log)) is_ready = begin_buffer(*process, *log);
  if (is_ready) {
    log->limit = limit_of(*log->buffer);
    return true;
  }
  thread.log = nullptr;
  thread.is_off = true;
  return false;
}

}  // namespace

std::size_t ThreadLog::write_stack(const CallSite& site, std::uint64_t* words) noexcept {
  if (stacks == Stacks::full) return calls.write(*process, site, words);
  // A first look at an address finds the module that it lies in.
  static_cast<void>(find_rule(*process, site.return_address - 1));
  words[0] = site.return_address;
  return 1;
}

void ThreadLog::append_text(RawKind kind, std::uint64_t stamp, std::uint64_t id,
                            const char* text) noexcept {
  const std::size_t text_bytes = strnlen(text, text_bytes_max);
  const std::size_t word_count = (text_bytes + 7) / 8;
  std::uint64_t* const words = cursor;
  words[0] = stamp << stamp_shift | static_cast<std::uint64_t>(kind);
  words[1] = id | std::uint64_t{word_count} << upper_shift;
  if (word_count != 0) words[1 + word_count] = 0;  // behind the text
  std::memcpy(words + 2, text, text_bytes);
  cursor += 2 + word_count;
  publish();
}

bool prepare_log(ThisThread& thread) noexcept {
  if (thread.is_off) return false;
  const int saved_errno = errno;
  const bool is_ready = try_prepare(thread);
  errno = saved_errno;
  return is_ready;
}

void count_nested(ThisThread& thread) noexcept {
  ThreadLog* const log = thread.log;
  if (log != nullptr && log->buffer != nullptr) {
    log->buffer->nested_count.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace tarn::record
