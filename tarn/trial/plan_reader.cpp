#include "tarn/trial/plan_reader.hpp"

#include <algorithm>

#include "tarn/os/file.hpp"

namespace tarn::trial {
namespace {

// What lies at `position`, which moves behind it.
template <typename T>
std::span<const T> take(const std::byte*& position, std::uint64_t count) noexcept {
  const std::span<const T> things(reinterpret_cast<const T*>(position), count);
  position += things.size_bytes();
  return things;
}

}  // namespace

PlanReader::PlanReader(const char* path, const PlanCounts& counts) noexcept
    : descriptor_(open_file(path)),
      epochs_left_(counts.epoch_count),
      room_(counts.epoch_bytes_max),
      shares_(counts.lane_count) {}

PlanReader::~PlanReader() {
  if (descriptor_ >= 0) close_file(descriptor_);
}

bool PlanReader::is_there() const noexcept {
  return descriptor_ >= 0 && room_.is_there() && shares_.is_there();
}

bool PlanReader::next() noexcept {
  if (is_at_end()) return false;
  void* const room = room_.things().data();
  if (!read_file(descriptor_, place_, &head_, sizeof head_) ||
      !read_file(descriptor_, place_ + sizeof head_, room, head_.lane_bytes))
    return false;
  place_ += sizeof head_ + head_.lane_bytes;
  --epochs_left_;
  find_shares();
  return true;
}

void PlanReader::find_shares() noexcept {
  std::fill(shares_.things().begin(), shares_.things().end(), LaneShare());
  const std::byte* position = room_.things().data();
  const std::byte* const end = position + head_.lane_bytes;
  while (position != end) {
    const LaneHead& head = take<LaneHead>(position, 1).front();
    LaneShare& share = shares_.things()[head.lane];
    share.steps = take<Step>(position, head.step_count);
    share.stops = take<Stop>(position, head.stop_count);
  }
}

}  // namespace tarn::trial
