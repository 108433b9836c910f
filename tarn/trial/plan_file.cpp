#include "tarn/trial/plan_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tarn/os/file.hpp"
#include "tarn/os/process.hpp"

namespace tarn::trial {

PlanFile::PlanFile(std::string folder)
    : folder_(std::move(folder)),
      descriptor_(create_unnamed_file(folder_.c_str())),
      error_number_(descriptor_ < 0 ? errno : 0),
      content_(sizeof(EpochHead)) {}

PlanFile::~PlanFile() {
  if (descriptor_ >= 0) close_file(descriptor_);
}

template <typename T>
void PlanFile::append(std::span<const T> things) {
  const auto bytes = std::as_bytes(things);
  content_.insert(content_.end(), bytes.begin(), bytes.end());
}

std::uint64_t PlanFile::add_lane(std::size_t lane, std::span<const Step> steps,
                                 std::span<const Stop> stops) {
  const LaneHead head{lane, steps.size(), stops.size()};
  append(std::span(&head, 1));
  const std::uint64_t steps_place = bytes_ + content_.size();
  append(steps);
  append(stops);
  return steps_place;
}

Result<void> PlanFile::end_epoch(const Epoch& epoch) {
  const EpochHead head{epoch, content_.size() - sizeof(EpochHead)};
  std::memcpy(content_.data(), &head, sizeof head);
  epoch_bytes_max_ = std::max<std::uint64_t>(epoch_bytes_max_, content_.size());
  note_failure_unless(error_number_ == 0 &&
                      write_file(descriptor_, content_.data(), content_.size()));
  bytes_ += content_.size();
  content_.resize(sizeof head);
  return status();
}

void PlanFile::change_region(std::uint64_t step_place, std::uint16_t region) noexcept {
  const std::uint64_t place = step_place + offsetof(Step, region);
  note_failure_unless(write_file_at(descriptor_, place, &region, sizeof region));
}

Result<void> PlanFile::finish() {
  note_failure_unless(settle_file(descriptor_));
  return status();
}

void PlanFile::note_failure_unless(bool is_done) noexcept {
  if (!is_done && error_number_ == 0) error_number_ = errno;
}

Result<void> PlanFile::status() const noexcept {
  if (error_number_ == 0) return {};
  return Error::make(ErrorCode::malformed,
                     "the plan can not be written to %.80s: %s; let TMPDIR name a folder "
                     "that has 16 bytes for each step",
                     folder_.c_str(), std::strerror(error_number_));
}

std::string PlanFile::path() const { return path_of_descriptor(descriptor_).text; }

}  // namespace tarn::trial
