// Threads that begin, and what they are called.
//
//     pthread_create(start) ---> begin_thread: begin the thread's log | start()
//                                     ^ a slot says what to start
//     pthread_setname_np, prctl(PR_SET_NAME) ---> the function itself | note the name
//
// A log begins with the thread's name (thread_log.cpp). So who names a thread that has none yet
// notes a number that the recorder does not know, and the thread finds the name when it begins.
// How threads end the recorder finds out (session.hpp).

#include <pthread.h>
#include <sys/prctl.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>

#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/record/preload/hooks.hpp"

using namespace tarn::record;

namespace {

// What a thread is to do, until it has read it. A parent that allocates it would be seen to.
struct ThreadStart {
  std::atomic<bool> is_taken;  // pairs with itself, and with what lies in the slot
  void* (*start)(void*);
  void* argument;
};

// Threads that have been created and have not run yet: more of them begin unnoted.
constexpr std::size_t start_count = 256;
ThreadStart starts[start_count];

ThreadStart* claim_start(void* (*start)(void*), void* argument) noexcept {
  for (ThreadStart& slot : starts) {
    bool expected = false;
    if (slot.is_taken.load(std::memory_order_relaxed) ||
        !slot.is_taken.compare_exchange_strong(expected, true, std::memory_order_acquire)) {
      continue;
    }
    slot.start = start;
    slot.argument = argument;
    return &slot;
  }
  return nullptr;
}

void note_name_of(int thread, const char* name) noexcept {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return;
  const auto id = static_cast<std::uint64_t>(thread);
  log->append_text(RawKind::thread_name, log->before(), id, name);
  end_event();
}

// The stamp comes before the name is read: who gives the thread another one has a later stamp.
void note_own_name() noexcept {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return;
  const std::uint64_t stamp = log->before();
  char name[tarn::thread_name_bytes];
  tarn::this_thread_name(name);
  log->append_text(RawKind::thread_name, stamp, 0, name);
  end_event();
}

void* begin_thread(void* slot) {
  auto* const taken = static_cast<ThreadStart*>(slot);
  void* (*const start)(void*) = taken->start;
  void* const argument = taken->argument;
  taken->is_taken.store(false, std::memory_order_release);
  if (begin_event() != nullptr) end_event();
  return start(argument);
}

}  // namespace

extern "C" {

TARN_HOOK int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                             void* (*start)(void*), void* argument) noexcept {
  resolve_next();
  ThreadStart* const slot = claim_start(start, argument);
  if (slot == nullptr) return next.pthread_create(thread, attributes, start, argument);
  const int error = next.pthread_create(thread, attributes, begin_thread, slot);
  if (error != 0) slot->is_taken.store(false, std::memory_order_release);
  return error;
}

TARN_HOOK int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  resolve_next();
  const int error = next.pthread_setname_np(thread, name);
  if (error != 0) return error;
  if (pthread_equal(thread, pthread_self()) != 0) {
    note_own_name();
  } else if (const int number = tarn::number_of_thread(thread); number != 0) {
    note_name_of(number, name);
  }
  return 0;
}

// How many arguments an option has the system knows: it gets what came, four at most.
TARN_HOOK int prctl(int option, ...) noexcept {
  va_list more;
  va_start(more, option);
  std::uintptr_t arguments[4];  // the kernel's unsigned long
  for (std::uintptr_t& argument : arguments) argument = va_arg(more, std::uintptr_t);
  va_end(more);
  resolve_next();
  const int result = next.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (option == PR_SET_NAME && result == 0) note_own_name();
  return result;
}

}  // extern "C"
