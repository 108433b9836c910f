#include "tarn/record/session.hpp"

#include "tarn/os/futex.hpp"
#include "tarn/os/process.hpp"

namespace tarn::record {
namespace {

// The lowest: memory that has been touched is used again.
Buffer* try_claim(Session& session) noexcept {
  for (std::size_t i = 0; i < buffer_count; ++i) {
    BufferState expected = BufferState::free;
    if (session.states[i].load(std::memory_order_relaxed) == BufferState::free &&
        session.states[i].compare_exchange_strong(expected, BufferState::filling,
                                                  std::memory_order_acquire)) {
      return &session.buffers[i];
    }
  }
  return nullptr;
}

// Waits while so many buffers are full. Returns false if nobody will ever read what is written.
bool wait_for_recorder(Session& session, std::uint32_t full_count) noexcept {
  constexpr std::uint64_t patience_ns = 1'000'000'000;
  const std::uint32_t freed_count = session.freed_count.load(std::memory_order_acquire);
  session.waiting_count.fetch_add(1, std::memory_order_seq_cst);
  if (has_full_buffers(session, full_count)) {
    sleep_while(session.freed_count, freed_count, patience_ns);
  }
  session.waiting_count.fetch_sub(1, std::memory_order_relaxed);
  return session.freed_count.load(std::memory_order_relaxed) != freed_count ||
         is_thread_alive(session.recorder, session.recorder);
}

}  // namespace

NewSession begin_session(StampClock clock, Stacks stacks) noexcept {
  const SharedMemory memory = create_shared_memory(sizeof(Session));
  auto* const session = static_cast<Session*>(memory.address);
  if (session == nullptr) return {};
  session->layout_version = Session::this_layout;
  session->begin = before_now(clock);
  session->clock = clock;
  session->stacks = stacks;
  session->recorder = process_id();
  static_cast<void>(process_space(session->process_space, sizeof session->process_space));
  return {session, memory.path};
}

void end_session(Session& session) noexcept {
  session.is_over.store(1, std::memory_order_relaxed);
  wake_all(session.freed_count);
}

Buffer* claim_buffer(Session& session) noexcept {
  while (session.is_over.load(std::memory_order_relaxed) == 0) {
    const bool is_too_far_ahead = has_full_buffers(session, full_count_max);
    const bool can_wait = has_full_buffers(session, 1);  // also for those that are free by now
    Buffer* const buffer = is_too_far_ahead ? nullptr : try_claim(session);
    if (buffer != nullptr) return buffer;
    if (!can_wait) {
      session.unrecorded_thread_count.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    const bool is_recorder_there =
        wait_for_recorder(session, is_too_far_ahead ? full_count_max : 1);
    if (!is_recorder_there) end_session(session);  // on behalf of the one that has died
  }
  return nullptr;
}

void hand_over(Session& session, Buffer& buffer) noexcept {
  const auto index = static_cast<std::size_t>(&buffer - session.buffers);
  session.states[index].store(BufferState::full, std::memory_order_release);
  const std::uint32_t count_before = session.full_count.fetch_add(1, std::memory_order_seq_cst);
  if (count_before + 1 == std::uint32_t{full_count_to_wake}) wake_all(session.full_count);
}

}  // namespace tarn::record
