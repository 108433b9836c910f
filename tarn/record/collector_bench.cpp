// What an event costs the recorder, from the buffer to the file: of one thread and of two that take
// turns, without a stack and with one of which three calls have changed. As many blocks live as
// in a small program, and as in one whose addresses no cache holds.

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "tarn/base/check.hpp"
#include "tarn/os/shared_memory.hpp"
#include "tarn/record/collector.hpp"
#include "tarn/record/trace_sink.hpp"
#include "testing/recorded_thread.hpp"

namespace tarn::record {
namespace {

class NullFiles final : public ProcessSinkFactory {
 public:
  explicit NullFiles(const Session& session) : stacks_(session.stacks), scale_(session.clock) {}
  std::unique_ptr<ProcessSink> begin_process(std::int32_t) override {
    return std::make_unique<TraceSink>("/dev/null", stacks_, scale_);
  }

 private:
  Stacks stacks_;
  StampScale scale_;
};

/// Allocates and frees blocks in any order, a 64th of a microsecond for each event.
class Storm {
 public:
  Storm(Session& session, std::uint32_t thread, std::size_t block_count)
      : thread_(session, {.thread = thread}),
        is_live_(block_count),
        has_stacks_(session.stacks == Stacks::full),
        base_(std::uint64_t{thread} << 40) {}

  void write(std::uint64_t stamp) {
    const std::uint64_t choice = random_();
    const std::size_t index = choice % is_live_.size();
    const std::uint64_t address = base_ + index * 64;
    const auto kind = is_live_[index] ? RawKind::deallocate : RawKind::allocate;
    is_live_[index] = !is_live_[index];
    if (has_stacks_) {
      const std::uint64_t site = 0x1000 + (choice >> 32) % 8 * 16;
      const std::uint64_t shared = StackWord{static_cast<std::uint32_t>(!is_first_) * 18, 0}.pack();
      thread_.write(kind, stamp, address, choice >> 40 & 511, {shared, site, 0x800});
      is_first_ = false;
    } else {
      thread_.write(kind, stamp, address, choice >> 40 & 511);
    }
  }

  void hand_over() { thread_.hand_over(); }

 private:
  RecordedThread thread_;
  std::vector<bool> is_live_;
  bool has_stacks_;
  bool is_first_ = true;
  std::uint64_t base_;
  std::mt19937_64 random_{1};
};

void collect(benchmark::State& state) {
  const auto thread_count = static_cast<std::uint32_t>(state.range(0));
  const auto stacks = state.range(1) != 0 ? Stacks::full : Stacks::none;
  const auto block_count = static_cast<std::size_t>(state.range(2)) / thread_count;
  constexpr std::uint64_t event_count = 50'000;  // 2 MB, a quarter of what may be full
  constexpr std::uint64_t ticks = 36;
  Session& session = *begin_session(best_stamp_clock(), stacks).session;
  session.begin = 0;
  NullFiles files(session);
  Collector collector(session, files);
  std::vector<Storm> threads;
  for (std::uint32_t i = 1; i <= thread_count; ++i) threads.emplace_back(session, i, block_count);
  std::uint64_t stamp = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (std::uint64_t i = 0; i < event_count; ++i) {
      threads[i % thread_count].write(stamp += ticks);
    }
    for (Storm& thread : threads) thread.hand_over();
    state.ResumeTiming();
    collector.collect();
  }
  const auto written_count = event_count * static_cast<std::uint64_t>(state.iterations());
  TARN_CHECK(collector.stats().event_count == written_count, "events are lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(collector.stats().event_count));
  unmap_shared_memory(&session, sizeof session);
}
BENCHMARK(collect)
    ->ArgNames({"threads", "stacks", "blocks"})
    ->ArgsProduct({{1, 2}, {0, 1}, {1000}})
    ->Args({1, 0, 1'000'000});

}  // namespace
}  // namespace tarn::record
