#include "tarn/record/preload/process_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tarn/base/bits.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/shared_memory.hpp"

namespace tarn::record {
namespace {

Session* session = nullptr;
ProcessLog* process = nullptr;  // stays where it is in the children of forks
bool is_off = false;

// Process numbers of another space mean other processes to the recorder. Where the system does not
// tell, in a chroot without /proc, the process is a child of one that could ask.
bool is_of_our_space(const Session& candidate) noexcept {
  char space[sizeof candidate.process_space];
  return !process_space(space, sizeof space) || std::strcmp(space, candidate.process_space) == 0;
}

bool open_session() noexcept {
  const char* const path = std::getenv(session_variable);
  if (path == nullptr) return false;
  session = static_cast<Session*>(map_shared_memory(path, sizeof(Session)));
  return session != nullptr && session->layout_version == Session::this_layout;
}

// A child of a fork does not give its parent's logs back: wiped, they are addresses alone.
template <typename Log>
Log* map_log() noexcept {
  return static_cast<Log*>(map_pages_wiped_on_fork(align_up(sizeof(Log), page_bytes())));
}

ThreadLog* log_at(ProcessLog& log, std::uint32_t index) noexcept {
  if (log.logs[index] == nullptr) log.logs[index] = index == 0 ? &log.first : map_log<ThreadLog>();
  return log.logs[index];
}

// Without room for it, the log waits for a thread that comes when this one has ended.
ThreadLog* take_log(ProcessLog& log, std::uint32_t index, std::int32_t thread_id) noexcept {
  ThreadLog* const taken = log_at(log, index);
  log.owners[index].store(thread_id, std::memory_order_release);
  return taken;
}

bool map_process_log() noexcept {
  process = map_log<ProcessLog>();
  if (process != nullptr) return true;
  session->unrecorded_process_count.fetch_add(1, std::memory_order_relaxed);
  // The addresses are the program's, which may be allowed just as many as it needs.
  unmap_shared_memory(session, sizeof(Session));
  return false;
}

}  // namespace

ProcessLog* process_log() noexcept {
  if (is_off || environ == nullptr) return nullptr;
  if (process == nullptr && !(open_session() && map_process_log())) {
    is_off = true;
    return nullptr;
  }
  if (process->number == 0) {
    is_off = !is_of_our_space(*session);
    if (is_off) return nullptr;
    process->session = session;
    process->process_id = process_id();
    process->number = session->process_count.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  return process;
}

ThreadLog* claim_thread_log(ProcessLog& log, std::int32_t thread_id) noexcept {
  // Looking at two for each that is taken keeps the dead ones below half of all.
  for (int i = 0; i < 2; ++i) {
    const std::uint32_t count =
        std::min(log.log_count.load(std::memory_order_relaxed), thread_log_count);
    if (count == 0) break;
    const std::uint32_t index = log.next_to_look.fetch_add(1, std::memory_order_relaxed) % count;
    std::int32_t owner = log.owners[index].load(std::memory_order_acquire);
    if (owner != 0 && !is_thread_alive(log.process_id, owner) &&
        log.owners[index].compare_exchange_strong(owner, thread_id, std::memory_order_relaxed)) {
      if (ThreadLog* const taken = take_log(log, index, thread_id)) return taken;
    }
  }
  const std::uint32_t index = log.log_count.fetch_add(1, std::memory_order_relaxed);
  if (index >= thread_log_count) {
    log.log_count.store(thread_log_count, std::memory_order_relaxed);
    return nullptr;
  }
  return take_log(log, index, thread_id);
}

}  // namespace tarn::record
