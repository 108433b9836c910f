#include "tarn/record/collector.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "tarn/os/futex.hpp"
#include "tarn/os/process.hpp"

namespace tarn::record {

void Collector::collect() {
  const std::uint64_t limit = before_now(session_.clock) - session_.begin;
  find_buffers();
  for (auto& [number, process] : processes_) merge(process, limit);
  free_buffers();
}

void Collector::find_buffers() {
  in_use_.clear();
  for (std::size_t i = 0; i < buffer_count; ++i) {
    if (session_.states[i].load(std::memory_order_acquire) == BufferState::free) continue;
    // Pairs with the thread's store: all that says whose buffer it is has been written.
    if (session_.buffers[i].process_id.load(std::memory_order_acquire) != 0) in_use_.push_back(i);
  }
  // Processes are found in the order in which they began.
  std::sort(in_use_.begin(), in_use_.end(), [this](std::size_t left, std::size_t right) {
    return session_.buffers[left].process < session_.buffers[right].process;
  });
  for (const std::size_t i : in_use_) {
    const Buffer& buffer = session_.buffers[i];
    Process& process = processes_[buffer.process];
    if (process.sink == nullptr) {
      process.id = buffer.process_id.load(std::memory_order_relaxed);
      process.sink = factory_.begin_process(process.id);
      ++stats_.process_count;
    }
    process.threads.try_emplace(buffer.thread, buffer.thread, *process.sink)
        .first->second.add(buffer);
  }
}

void Collector::merge(Process& process, std::uint64_t limit) {
  const auto has_event = [limit](ThreadReader* reader) {
    const RawEvent* const event = reader->next();
    return event != nullptr && event->stamp < limit;
  };
  active_.clear();
  for (auto& [number, reader] : process.threads) {
    reader.look();
    if (has_event(&reader)) active_.push_back(&reader);
  }
  while (!active_.empty()) {
    // The thread that is next goes on until it is another one's turn.
    std::uint64_t turn = limit;
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
    } while (reader.next() != nullptr && reader.next()->stamp < turn);
    if (!has_event(&reader)) active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void Collector::free_buffers() {
  std::uint32_t full_count = 0;
  for (const std::size_t i : in_use_) {
    Buffer& buffer = session_.buffers[i];
    const bool is_full = session_.states[i].load(std::memory_order_acquire) == BufferState::full;
    if (!is_full && !is_left_behind_[i]) continue;
    ThreadReader& reader = processes_.at(buffer.process).threads.at(buffer.thread);
    if (!reader.has_read(buffer)) continue;
    reader.remove(buffer);
    // The one it was filling is its last; other buffers of it may come later in this loop.
    if (is_left_behind_[i]) ended_.emplace_back(buffer.process, buffer.thread);
    buffer.process_id.store(0, std::memory_order_relaxed);
    is_left_behind_[i] = false;
    session_.states[i].store(BufferState::free, std::memory_order_release);
    full_count += is_full ? 1 : 0;
  }
  for (const auto& [process, thread] : ended_) {
    end_thread(processes_.at(process), processes_.at(process).threads.at(thread));
  }
  ended_.clear();
  session_.full_count.fetch_sub(full_count, std::memory_order_seq_cst);
  session_.freed_count.fetch_add(1, std::memory_order_seq_cst);
  if (session_.waiting_count.load(std::memory_order_seq_cst) != 0) wake_all(session_.freed_count);
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
  for (const std::size_t i : in_use_) {
    const Buffer& buffer = session_.buffers[i];
    std::uint32_t& newest = newest_thread[{buffer.process, buffer.thread_id}];
    newest = std::max(newest, buffer.thread);
  }
  for (const std::size_t i : in_use_) {
    if (session_.states[i].load(std::memory_order_relaxed) != BufferState::filling) continue;
    const Buffer& buffer = session_.buffers[i];
    const std::int32_t id = buffer.process_id.load(std::memory_order_acquire);
    if (id == 0) continue;
    is_left_behind_[i] = newest_process[id] > buffer.process ||
                         newest_thread[{buffer.process, buffer.thread_id}] > buffer.thread ||
                         !is_thread_alive(id, buffer.thread_id);
  }
  leave_processes(newest_process);
}

void Collector::leave_processes(const std::map<std::int32_t, std::uint32_t>& newest_process) {
  const auto has_ended = [&](std::uint32_t number, const Process& process) {
    return std::all_of(process.threads.begin(), process.threads.end(),
                       [](const auto& thread) { return thread.second.is_empty(); }) &&
           (newest_process.at(process.id) > number || !is_thread_alive(process.id, process.id));
  };
  for (auto at = processes_.begin(); at != processes_.end();) {
    Process& process = at->second;
    if (!has_ended(at->first, process)) {
      ++at;
      continue;
    }
    // Threads that died while they waited for a buffer.
    while (!process.threads.empty()) end_thread(process, process.threads.begin()->second);
    at = processes_.erase(at);
  }
}

}  // namespace tarn::record
