#include "testing/thread_program.hpp"

#include "tarn/trace/ledger.hpp"
#include "testing/choices.hpp"

namespace tarn {
namespace {

class StepWriter {
 public:
  void append(const trace::Operation& operation) {
    using trace::Kind;
    const trace::Ended& ended = ledger_.commit(operation);
    for (const std::uint64_t block : ended.blocks) end(operation.thread, block);
    if (operation.kind == Kind::allocate || operation.kind == Kind::allocate_zeroed) {
      begin(operation, operation.alignment());
    } else if (operation.kind == Kind::reallocate) {
      const std::size_t alignment = steps_.slots[slots_.at(operation.block)].alignment;
      end(operation.thread, operation.block);
      begin(operation, alignment);
    }
  }

  [[nodiscard]] ThreadSteps finish() {
    for (const auto& [block, slot] : slots_) steps_.left.push_back(slot);
    return std::move(steps_);
  }

 private:
  void begin(const trace::Operation& operation, std::size_t alignment) {
    const std::size_t slot = steps_.slots.size();
    steps_.slots.push_back({static_cast<std::size_t>(operation.bytes), alignment});
    slots_[operation.block] = slot;
    steps_.lanes[operation.thread % lane_count].push_back({operation.thread, slot, false});
  }
  void end(std::uint32_t thread, std::uint64_t block) {
    steps_.lanes[thread % lane_count].push_back({thread, slots_.extract(block).mapped(), true});
  }

  trace::Ledger ledger_;
  ThreadSteps steps_;
  std::unordered_map<std::uint64_t, std::size_t> slots_;
};

}  // namespace

trace::Program on_any_threads(const trace::Program& program, std::uint64_t seed,
                              std::size_t life_step_count) {
  RandomChoices choices(seed);
  std::array<std::size_t, lane_count> step_counts{};
  return on_threads(program, [&](const trace::Operation&, std::uint32_t) {
    const std::size_t lane = choices.choose(lane_count);
    const std::size_t life = step_counts[lane]++ / life_step_count;
    return static_cast<std::uint32_t>(lane + lane_count * life);
  });
}

ThreadSteps thread_steps_of(const trace::Program& program) {
  StepWriter writer;
  for (const trace::Operation& operation : program) writer.append(operation);
  return writer.finish();
}

}  // namespace tarn
