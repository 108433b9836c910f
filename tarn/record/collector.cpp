#include "tarn/record/collector.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>

#include "tarn/os/futex.hpp"
#include "tarn/os/process.hpp"

namespace tarn::record {

void Collector::collect() {
  while (has_more_) collect_slice();
  while (collect_slice()) continue;
}

bool Collector::collect_slice() {
  if (!has_more_) begin_round();
  has_more_ = false;
  for (auto& [number, process] : processes_) has_more_ |= !merge(process);
  free_buffers();
  return has_more_;
}

void Collector::begin_round() {
  limit_ = before_now(session_.clock) - session_.begin;
  // A buffer is claimed anywhere, also behind the one that is looked at; whoever finds the next one
  // of its thread must find it as well. So the last search is one that finds nothing.
  while (find_buffers()) continue;
  for (auto& [number, process] : processes_) {
    for (auto& [thread, reader] : process.threads) reader.look(session_);
  }
}

bool Collector::find_buffers() {
  const std::size_t known_count = in_use_.size();
  for (std::size_t i = 0; i < buffer_count; ++i) {
    if (session_.states[i].load(std::memory_order_acquire) == BufferState::free) continue;
    if (is_in_use_[i]) continue;
    const Buffer& buffer = session_.buffers[i];
    // Pairs with the thread's store: all that says whose buffer it is has been written.
    const std::int32_t process_id = buffer.process_id.load(std::memory_order_acquire);
    if (process_id == 0) continue;
    in_use_.push_back(
        {i, buffer.process, process_id, buffer.thread, buffer.thread_id, nullptr, false});
    is_in_use_[i] = true;
  }
  // Processes are found in the order in which they began.
  const auto first_new = in_use_.begin() + static_cast<std::ptrdiff_t>(known_count);
  std::sort(first_new, in_use_.end(),
            [](const Claimed& left, const Claimed& right) { return left.process < right.process; });
  std::for_each(first_new, in_use_.end(), [this](Claimed& claimed) { add_buffer(claimed); });
  return in_use_.size() != known_count;
}

void Collector::add_buffer(Claimed& claimed) {
  Process& process = processes_[claimed.process];
  if (process.sink == nullptr) {
    process.id = claimed.process_id;
    process.sink = factory_.begin_process(process.id);
    ++stats_.process_count;
  }
  claimed.reader =
      &process.threads.try_emplace(claimed.thread, claimed.thread, *process.sink).first->second;
  claimed.reader->add(session_.buffers[claimed.index]);
}

bool Collector::merge(Process& process) {
  const auto has_event = [this](ThreadReader* reader) {
    const RawEvent* const event = reader->next();
    return event != nullptr && event->stamp < limit_;
  };
  active_.clear();
  for (auto& [number, reader] : process.threads) {
    if (has_event(&reader)) active_.push_back(&reader);
  }
  const std::uint64_t enough_count = stats_.event_count + slice_event_count;
  while (!active_.empty() && stats_.event_count < enough_count) {
    // The thread that is next goes on until it is another one's turn.
    std::uint64_t turn = limit_;
    std::size_t first = 0;
    for (std::size_t i = 1; i < active_.size(); ++i) {
      const std::uint64_t stamp = active_[i]->next()->stamp;
      const std::uint64_t first_stamp = active_[first]->next()->stamp;
      turn = std::min(turn, std::max(stamp, first_stamp));
      if (stamp < first_stamp) first = i;
    }
    ThreadReader& reader = *active_[first];
    do {
      const std::span<const RawEvent> events = reader.take(turn);
      process.sink->add(events);
      stats_.event_count += events.size();
    } while (stats_.event_count < enough_count && reader.next() != nullptr &&
             reader.next()->stamp < turn);
    if (!has_event(&reader)) active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return active_.empty();
}

void Collector::free_buffers() {
  std::erase_if(in_use_, [this](const Claimed& claimed) { return try_free(claimed); });
  for (const auto& [number, thread] : ended_) {
    Process& process = processes_.at(number);
    const auto found = process.threads.find(thread);
    if (found != process.threads.end() && found->second.is_empty()) {
      end_thread(process, found->second);
    }
  }
  ended_.clear();
  session_.freed_count.fetch_add(1, std::memory_order_seq_cst);
  if (session_.waiting_count.load(std::memory_order_seq_cst) != 0) wake_all(session_.freed_count);
}

bool Collector::try_free(const Claimed& claimed) {
  std::atomic<BufferState>& state = session_.states[claimed.index];
  Buffer& buffer = session_.buffers[claimed.index];
  const bool is_full = state.load(std::memory_order_acquire) == BufferState::full;
  if (!is_full && !claimed.is_left_behind) return false;
  if (!claimed.reader->has_read(buffer)) return false;
  claimed.reader->remove(buffer);
  // The one it was filling is its last; other buffers of it may be freed later in this round.
  if (claimed.is_left_behind) ended_.emplace_back(claimed.process, claimed.thread);
  is_in_use_[claimed.index] = false;
  buffer.process_id.store(0, std::memory_order_relaxed);
  state.store(BufferState::free, std::memory_order_release);
  if (is_full) session_.full_count.fetch_sub(1, std::memory_order_seq_cst);
  return true;
}

void Collector::end_thread(Process& process, ThreadReader& reader) {
  process.sink->end_thread(reader.thread());
  stats_.nested_count += reader.nested_count();
  stats_.damaged_count += reader.is_damaged() ? 1 : 0;
  process.threads.erase(reader.thread());
}

void Collector::sweep() {
  // A number that somebody else has by now was given up by whoever had it before.
  std::map<std::int32_t, std::uint32_t> newest_process;
  std::map<std::pair<std::uint32_t, std::int32_t>, std::uint32_t> newest_thread;
  for (const auto& [number, process] : processes_) newest_process[process.id] = number;
  for (const Claimed& claimed : in_use_) {
    std::uint32_t& newest = newest_thread[{claimed.process, claimed.thread_id}];
    newest = std::max(newest, claimed.thread);
  }
  for (Claimed& claimed : in_use_) {
    const BufferState state = session_.states[claimed.index].load(std::memory_order_relaxed);
    if (state == BufferState::full) continue;
    claimed.is_left_behind = newest_process[claimed.process_id] > claimed.process ||
                             newest_thread[{claimed.process, claimed.thread_id}] > claimed.thread ||
                             !is_thread_alive(claimed.process_id, claimed.thread_id);
  }
  leave_processes(newest_process);
}

void Collector::leave_processes(const std::map<std::int32_t, std::uint32_t>& newest_process) {
  for (auto at = processes_.begin(); at != processes_.end();) {
    auto& [number, process] = *at;
    const bool had_ended = process.has_ended;
    process.has_ended = newest_process.at(process.id) > number || !is_process_alive(process.id);
    const bool is_empty = std::all_of(process.threads.begin(), process.threads.end(),
                                      [](const auto& thread) { return thread.second.is_empty(); });
    // A round that began after its end has found all that it has written.
    if (!had_ended || !is_empty) {
      ++at;
      continue;
    }
    // Threads that died while they waited for a buffer.
    while (!process.threads.empty()) end_thread(process, process.threads.begin()->second);
    at = processes_.erase(at);
  }
}

}  // namespace tarn::record
