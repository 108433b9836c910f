// Threads that begin and return to their end: when, and what they are called.
//
//     pthread_create(start) ---> begin_thread: note the beginning | start() | note the name
//                                     ^ a slot says what to start
//
// What ends a thread in any other way, and its end itself, the recorder finds out (session.hpp).

#include <atomic>
#include <cstring>

#include "tarn/os/process.hpp"
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

void note(RawKind kind, const char* text) noexcept {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return;
  log->append_text(kind, 0, text);
  end_event();
}

void* begin_thread(void* slot) {
  auto* const taken = static_cast<ThreadStart*>(slot);
  void* (*const start)(void*) = taken->start;
  void* const argument = taken->argument;
  taken->is_taken.store(false, std::memory_order_release);
  char first_name[tarn::thread_name_bytes];
  char name[tarn::thread_name_bytes];
  tarn::this_thread_name(first_name);
  note(RawKind::thread_begin, "");
  void* const result = start(argument);
  tarn::this_thread_name(name);
  if (std::strcmp(name, first_name) != 0) note(RawKind::thread_name, name);
  return result;
}

}  // namespace

extern "C" TARN_HOOK int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                        void* (*start)(void*), void* argument) noexcept {
  resolve_next();
  ThreadStart* const slot = claim_start(start, argument);
  if (slot == nullptr) return next.pthread_create(thread, attributes, start, argument);
  const int error = next.pthread_create(thread, attributes, begin_thread, slot);
  if (error != 0) slot->is_taken.store(false, std::memory_order_release);
  return error;
}
