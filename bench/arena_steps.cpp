#include "bench/arena_steps.hpp"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "bench/measuring.hpp"
#include "testing/workloads.hpp"

namespace tarn::bench {
namespace {

static_assert(std::endian::native == std::endian::little, "files of steps are as in memory");

// So many that no branch predictor learns them by heart.
constexpr std::size_t step_count = 20000;
constexpr std::size_t tide_live_min = 4096;
constexpr std::size_t tide_live_max = 10 * tide_live_min;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode), std::fclose);
  if (file == nullptr) {
    std::perror(path.c_str());
    std::exit(1);
  }
  return file;
}

void check_all(bool all, const std::string& path) {
  if (all) return;
  std::fprintf(stderr, "%s: could not read or write all of it\n", path.c_str());
  std::exit(1);
}

// Slots that are empty wait here, the last one first.
class Slots {
 public:
  [[nodiscard]] std::uint32_t take(std::uint64_t block) {
    std::uint32_t slot = count_;
    if (empty_.empty()) {
      ++count_;
    } else {
      slot = empty_.back();
      empty_.pop_back();
    }
    return slots_[block] = slot;
  }
  [[nodiscard]] std::uint32_t leave(std::uint64_t block) {
    const std::uint32_t slot = slots_.extract(block).mapped();
    empty_.push_back(slot);
    return slot;
  }

 private:
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> empty_;
  std::unordered_map<std::uint64_t, std::uint32_t> slots_;
};

ArenaWorkload one_size(const std::string& name, std::size_t live_count, std::uint64_t bytes) {
  return {name, std::to_string(bytes) + " B", live_count, 1,
          steps_of(live_set_workload(live_count, step_count, bytes, bytes, workload_seed))};
}

ArenaWorkload buffers(const std::string& name, std::size_t live_count, std::size_t thread_count) {
  return {name, std::to_string(live_count), live_count, thread_count,
          steps_of(buffers_workload(live_count, step_count, workload_seed))};
}

std::vector<ArenaWorkload> draw_workloads() {
  std::vector<ArenaWorkload> workloads;
  for (const std::uint64_t bytes : {64u, 256u, 1024u, 8192u, 65536u}) {
    workloads.push_back(one_size("arena pairs", 1, bytes));
  }
  for (const std::uint64_t bytes : {64u, 256u, 1024u, 8192u, 65536u}) {
    workloads.push_back(one_size("arena slots", 8192, bytes));
  }
  for (const std::size_t live_count : {128u, 512u, 1024u}) {
    workloads.push_back(buffers("arena buffers", live_count, 1));
  }
  for (const std::size_t live_count : {128u, 512u, 1024u}) {
    workloads.push_back(buffers("arena buffers, 2 threads", live_count, 2));
  }
  return workloads;
}

}  // namespace

Steps steps_of(const trace::Program& program) {
  Steps steps;
  Slots slots;
  for (const trace::Operation& operation : program) {
    const auto bytes = static_cast<std::uint32_t>(operation.bytes);
    if (operation.kind == trace::Kind::deallocate) {
      steps.push_back({slots.leave(operation.block), 0});
    } else if (operation.kind == trace::Kind::allocate) {
      const std::uint32_t slot = slots.take(operation.block);
      if (steps.empty() || steps.back().bytes != 0) {
        steps.push_back({slot, bytes});
      } else {
        steps.back().bytes = bytes;
      }
    }
  }
  return steps;
}

void write_steps(const std::string& path, const Steps& steps) {
  const File file = open(path, "wb");
  check_all(std::fwrite(steps.data(), sizeof(Step), steps.size(), file.get()) == steps.size(),
            path);
}

Steps read_steps(const std::string& path) {
  const File file = open(path, "rb");
  Steps steps(std::filesystem::file_size(path) / sizeof(Step));
  check_all(std::fread(steps.data(), sizeof(Step), steps.size(), file.get()) == steps.size(), path);
  return steps;
}

const std::vector<ArenaWorkload>& arena_workloads() {
  static const std::vector<ArenaWorkload> workloads = draw_workloads();
  return workloads;
}

Tide draw_tide(std::size_t count) {
  const Steps steps = steps_of(tide_workload(tide_live_min, tide_live_max, count, workload_seed));
  const auto high_water = steps.begin() + static_cast<std::ptrdiff_t>(tide_live_min + count / 2);
  return {Steps(steps.begin(), high_water), Steps(high_water, steps.end())};
}

}  // namespace tarn::bench
