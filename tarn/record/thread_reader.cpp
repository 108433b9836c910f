#include "tarn/record/thread_reader.hpp"

#include <algorithm>

namespace tarn::record {
namespace {

// Pairs with the thread's store: all words before that one are written.
std::uint64_t written_count(const Buffer& buffer) noexcept {
  return std::min<std::uint64_t>(buffer.word_count.load(std::memory_order_acquire),
                                 Buffer::capacity);
}

}  // namespace

void ThreadReader::add(const Buffer& buffer) {
  const auto at = std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.buffer->sequence >= buffer.sequence;
  });
  if (at != parts_.end() && at->buffer == &buffer) return;
  parts_.insert(at, Part{&buffer, 0, 0});
}

void ThreadReader::look() noexcept {
  for (Part& part : parts_) part.word_count = written_count(*part.buffer);
  current_ = 0;
}

bool ThreadReader::read() {
  first_ = last_ = 0;
  while (current_ < parts_.size() && last_ < ahead_count) {
    Part& part = parts_[current_];
    if (part.read_count == part.word_count) {
      ++current_;
    } else if (RawEvent& event = events_[last_]; read_from(part, event)) {
      sink_->expect(event.address);
      ++last_;
    } else {
      is_damaged_ = true;
      part.read_count = part.word_count;
    }
  }
  return last_ != 0;
}

bool ThreadReader::read_from(Part& part, RawEvent& event) const noexcept {
  const std::uint64_t* const words = part.buffer->words + part.read_count;
  const std::uint64_t left_count = part.word_count - part.read_count;
  event.kind = static_cast<RawKind>(words[0] & 0xff);
  const std::uint64_t fixed_count = has_bytes(event.kind) ? 3 : 2;
  if (left_count < fixed_count) return false;
  const std::uint64_t stack_count = words[1] >> upper_shift;
  if (left_count - fixed_count < stack_count) return false;
  event.thread = thread_;
  event.stamp = words[0] >> stamp_shift;
  event.address = words[1] & address_mask;
  event.bytes = fixed_count == 3 ? words[2] & bytes_mask : 0;
  event.alignment_shift =
      fixed_count == 3 ? static_cast<std::uint8_t>(words[2] >> alignment_upper_shift) : 0;
  event.stack = {words + fixed_count, static_cast<std::size_t>(stack_count)};
  part.read_count += fixed_count + stack_count;
  return true;
}

bool ThreadReader::has_read(const Buffer& buffer) const noexcept {
  return first_ == last_ && std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
           return part.buffer == &buffer && part.read_count == written_count(buffer);
         });
}

void ThreadReader::remove(const Buffer& buffer) {
  nested_count_ += buffer.nested_count.load(std::memory_order_relaxed);
  std::erase_if(parts_, [&](const Part& part) { return part.buffer == &buffer; });
}

}  // namespace tarn::record
