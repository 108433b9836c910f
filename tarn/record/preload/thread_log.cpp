#include "tarn/record/preload/thread_log.hpp"

#include <cerrno>

#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/record/preload/next.hpp"
#include "tarn/record/preload/process_log.hpp"

namespace tarn::record {

thread_local constinit ThisThread this_thread{};

namespace {

// What one event writes at most: the two records of a reallocation.
constexpr std::size_t event_words_max = 2 * 4;

ThreadLog* begin_log(ProcessLog& process) noexcept {
  ThreadLog* const log = claim_thread_log(process, thread_number());
  if (log == nullptr) return nullptr;
  *log = ThreadLog{};
  log->begin = process.session->begin;
  log->clock = process.session->clock;
  log->stacks = process.session->stacks;
  log->number = process.thread_count.fetch_add(1, std::memory_order_relaxed) + 1;
  log->thread_id = thread_number();
  return log;
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
  log.limit = log.buffer->words + Buffer::capacity - event_words_max + 1;
  return true;
}

bool try_prepare(ThisThread& thread) noexcept {
  resolve_next();
  ProcessLog* const process = process_log();
  if (process == nullptr) return false;  // or not yet
  if (thread.log == nullptr || thread.log->number == 0) thread.log = begin_log(*process);
  if (thread.log != nullptr && begin_buffer(*process, *thread.log)) return true;
  thread.log = nullptr;
  thread.is_off = true;
  return false;
}

}  // namespace

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
