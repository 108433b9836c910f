#include "tarn/trial/child.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory_resource>
#include <span>
#include <thread>

#include "tarn/arena/arena.hpp"
#include "tarn/os/heap.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/os/program.hpp"
#include "tarn/os/shared_memory.hpp"
#include "tarn/replay/slabs_by_size.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/trial/litter.hpp"
#include "tarn/trial/outcome.hpp"
#include "tarn/trial/page_row.hpp"
#include "tarn/trial/plan_reader.hpp"
#include "tarn/trial/region_set.hpp"
#include "tarn/trial/trial.hpp"

namespace tarn::trial {
namespace {

constexpr int argument_count_of_a_child = 4;

template <typename P>
concept TellingUsableBytes = requires(const P& pool, const void* block) {
  { pool.usable_bytes(block) } -> std::same_as<std::size_t>;
};

template <Pool P>
std::uint64_t usable_bytes_of([[maybe_unused]] const P& pool, [[maybe_unused]] const void* block) {
  if constexpr (TellingUsableBytes<P>) return block == nullptr ? 0 : pool.usable_bytes(block);
  return 0;
}

std::uint64_t bytes_since(const Outcome& outcome) noexcept {
  const std::uint64_t bytes = private_bytes();
  return bytes - std::min(bytes, outcome.bytes_before);
}

// Measures the memory of the process at the end of each epoch.
template <Pool P>
class MemoryWatcher final : public Trial<P>::Watcher {
 public:
  MemoryWatcher(P& pool, const Litter<P>& litter, TrialRecord& record) noexcept
      : pool_(pool),
        litter_(litter),
        outcome_(record.outcome),
        curve_(record.curve),
        peak_epoch_(record.plan.peak_epoch),
        touches_(record.request.options.touches) {}

 private:
  void epoch_ends(std::size_t epoch, std::span<const Slot> slots) noexcept override {
    const std::uint64_t bytes = bytes_since(outcome_);
    curve_.add(bytes);
    outcome_.bytes_max = std::max(outcome_.bytes_max, bytes);
    outcome_.bytes_retained = bytes;
    if (epoch != peak_epoch_) return;
    outcome_.bytes_at_peak = bytes;
    if (touches_) outcome_.usable_bytes_at_peak = usable_bytes(slots);
  }

  [[nodiscard]] std::uint64_t usable_bytes(std::span<const Slot> slots) const noexcept {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots) sum += usable_bytes_of(pool_, slot.address);
    for (const LitterBlock& block : litter_.blocks()) sum += usable_bytes_of(pool_, block.address);
    return sum;
  }

  P& pool_;
  const Litter<P>& litter_;
  Outcome& outcome_;
  Curve<std::uint64_t>& curve_;
  const std::uint64_t peak_epoch_;
  const bool touches_;
};

// Nobody calls the pool meanwhile: what it gives back now it gives back by itself.
void measure_while_idle(Outcome& outcome) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < idle_ns.size(); ++i) {
    std::this_thread::sleep_until(begin + std::chrono::nanoseconds(idle_ns[i]));
    outcome.bytes_retained_later[i] = bytes_since(outcome);
  }
  outcome.has_waited = true;
}

void fail(Outcome& outcome, const char* why) noexcept {
  std::snprintf(outcome.error.data(), outcome.error.size(), "%s", why);
}

template <Pool P>
void run_on(P& pool, PlanReader& reader, TrialRecord& record) {
  const TrialOptions& options = record.request.options;
  const Plan& plan = record.plan;
  Outcome& outcome = record.outcome;
  const std::span<const Step> allocations = plan.allocations.steps();
  const std::uint64_t litter_bytes = options.litter * plan.peak.live_bytes;
  const PageRow<Slot> slots(plan.counts.slot_count);
  const PageRow<LitterBlock> litter_room(litter_count(allocations, litter_bytes));
  if (!slots.is_there() || !litter_room.is_there()) {
    return fail(outcome, "no memory to note the addresses of blocks");
  }
  const StampScale scale(best_stamp_clock());
  outcome.bytes_before = private_bytes();
  const Litter<P> litter(pool, allocations, litter_bytes, litter_room.things());
  for (const LitterBlock& block : litter.blocks()) outcome.litter_bytes += block.step->bytes;
  MemoryWatcher<P> watcher(pool, litter, record);
  Trial<P> trial(plan.counts, reader, pool, slots.things(), options, watcher);
  const std::uint64_t begin_ns = monotonic_ns();
  outcome.times = trial.run();
  outcome.wall_ns = static_cast<double>(monotonic_ns() - begin_ns);
  if (!reader.is_at_end()) return fail(outcome, "the plan can not be read to its end");
  if (options.is_idle_at_end) measure_while_idle(outcome);
  outcome.clock_floor_ticks = trial.clock_floor_ticks();
  outcome.ns_per_tick = static_cast<double>(scale.ns(1'000'000'000)) / 1e9;
  outcome.is_complete = true;
}

void run_on_resource(std::pmr::memory_resource&& resource, PlanReader& reader,
                     TrialRecord& record) {
  replay::ResourcePool pool(resource);
  run_on(pool, reader, record);
}

// "2.36" of a heap, "0.1.0" of tarn's pools, "GCC 12" of the C++ library's.
void write_version(PoolKind pool, std::span<char> text) noexcept {
  switch (pool) {
    case PoolKind::heap:
      return write_heap_version(text.data(), text.size());
    case PoolKind::arena:
    case PoolKind::slabs:
    case PoolKind::regions:
      std::snprintf(text.data(), text.size(), "%s", TARN_VERSION);
      return;
    case PoolKind::pmr_synchronized:
    case PoolKind::pmr_unsynchronized:
      std::snprintf(text.data(), text.size(), "GCC %d", _GLIBCXX_RELEASE);
      return;
  }
}

// The linker only warns of a library that it can not load, and goes on with another heap.
bool has_wanted_heap(const Request& request, Outcome& outcome) noexcept {
  const char* const library = request.library.data();
  if (*library == '\0' || std::strcmp(library, heap_library()) == 0) return true;
  std::snprintf(outcome.error.data(), outcome.error.size(), "malloc() is still that of %.200s",
                heap_library());
  return false;
}

void run_trial(PlanReader& reader, TrialRecord& record) {
  if (!has_wanted_heap(record.request, record.outcome)) return;
  write_version(record.request.pool, record.outcome.version);
  switch (record.request.pool) {
    case PoolKind::heap: {
      replay::MallocPool pool;
      return run_on(pool, reader, record);
    }
    case PoolKind::arena: {
      Arena pool;
      return run_on(pool, reader, record);
    }
    case PoolKind::slabs: {
      replay::SlabsBySize pool;
      return run_on(pool, reader, record);
    }
    case PoolKind::regions: {
      RegionSet pool(record.plan.counts);
      if (pool.is_there()) return run_on(pool, reader, record);
      return fail(record.outcome, "no memory to note regions");
    }
    case PoolKind::pmr_synchronized:
      return run_on_resource(std::pmr::synchronized_pool_resource(), reader, record);
    case PoolKind::pmr_unsynchronized:
      return run_on_resource(std::pmr::unsynchronized_pool_resource(), reader, record);
  }
}

}  // namespace

bool is_child(int argument_count, const char* const* arguments) noexcept {
  return argument_count == argument_count_of_a_child && std::strcmp(arguments[1], child_word) == 0;
}

int run_child(const char* const* arguments) {
  end_with_parent();  // one that has ended before has taken the files along
  void* const memory = map_shared_memory(arguments[3], sizeof(TrialRecord));
  if (memory == nullptr) {
    std::perror("tarn: the memory that a replay shares with its processes");
    return EXIT_FAILURE;
  }
  TrialRecord& record = *static_cast<TrialRecord*>(memory);
  PlanReader reader(arguments[2], record.plan.counts);
  if (reader.is_there()) {
    run_trial(reader, record);
  } else {
    fail(record.outcome, "the plan can not be opened, or there is no memory for an epoch of it");
  }
  return EXIT_SUCCESS;
}

}  // namespace tarn::trial
