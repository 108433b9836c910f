// tool/phase_statistics.hpp - what the marked phases of a program allocate.
//
//     phase "loading"      phase "serving"          the last operation
//     |--------------------|------------------------|
//       until the next one   the last, until the end
//
// Threads:    one at a time.
// Failure:    std::bad_alloc.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace tarn::tool {

/// A moment of a trace.
struct PhaseMoment {
  std::uint64_t time_ns = 0;
  std::uint64_t allocated_count = 0;  // until then
  std::uint64_t allocated_bytes = 0;
};

/// All phases of one name.
struct PhaseCounts {
  std::uint64_t begun_count = 0;
  std::uint64_t lasted_ns = 0;
  std::uint64_t allocated_count = 0;
  std::uint64_t allocated_bytes = 0;
};

class PhaseStatistics {
 public:
  using ByName = std::map<std::uint64_t, PhaseCounts>;  // the number of the name

  void begin(std::uint64_t name, const PhaseMoment& now) {
    names_ = until(now);
    ++names_[name].begun_count;
    present_ = name;
    begun_ = now;
  }

  /// Returns what each has come to, the present one included.
  [[nodiscard]] ByName until(const PhaseMoment& now) const {
    ByName names = names_;
    const auto present = names.find(present_);
    if (present == names.end()) return names;
    present->second.lasted_ns += now.time_ns - std::min(now.time_ns, begun_.time_ns);
    present->second.allocated_count += now.allocated_count - begun_.allocated_count;
    present->second.allocated_bytes += now.allocated_bytes - begun_.allocated_bytes;
    return names;
  }

 private:
  ByName names_;
  std::uint64_t present_ = 0;
  PhaseMoment begun_;
};

}  // namespace tarn::tool
