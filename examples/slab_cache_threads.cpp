// Question: how do threads share a pool when one allocates what another frees?
//
// A reader makes messages, workers end them. Each thread takes from and puts into its own magazine;
// only whole magazines change hands, under a lock, a hundred messages at a time.

#include <atomic>
#include <cstdio>
#include <thread>

#include "tarn/slab/slab_cache.hpp"

namespace {

struct Message {
  Message* next;
  int number;
};

// Messages on their way, pushed one by one and taken all at once.
std::atomic<Message*> inbox{nullptr};

constexpr int message_count = 100000;

}  // namespace

int main() {
  tarn::SlabCache messages(sizeof(Message), alignof(Message), {.name = "messages"});

  std::thread worker([&] {
    for (int count = 0; count < message_count;) {
      for (Message* message = inbox.exchange(nullptr); message != nullptr; ++count) {
        Message* const next = message->next;
        messages.deallocate(message);
        message = next;
      }
    }
  });
  for (int number = 0; number < message_count; ++number) {
    auto* const message = ::new (messages.allocate()) Message{inbox.load(), number};
    while (!inbox.compare_exchange_weak(message->next, message)) {
    }
  }
  worker.join();

  messages.trim();
  const tarn::SlabCacheStats stats = messages.stats();
  std::printf("%d messages, %llu visits to the depot\n", message_count,
              static_cast<unsigned long long>(stats.visit_count));
  return stats.used_count == 0 ? 0 : 1;
}
