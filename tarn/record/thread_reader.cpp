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

void ThreadReader::look(const Session& session) noexcept {
  // A count that falls is none of ours.
  for (Part& part : parts_)
    part.word_count = std::max(part.read_count, written_count(*part.buffer));
  stamp_max_ = after_now(session.clock) - session.begin + ahead_ticks_max;
  current_ = 0;
}

bool ThreadReader::read() {
  first_ = last_ = 0;
  while (current_ < parts_.size() && last_ < ahead_count) {
    Part& part = parts_[current_];
    if (part.read_count == part.word_count) {
      if (last_ != 0) break;
      ++current_;
    } else if (read_from(part, events_[last_])) {
      ++last_;
      events_buffer_ = part.buffer;
    } else {
      is_damaged_ = true;
      part.read_count = part.word_count;
    }
  }
  sink_->expect({events_, last_});
  return last_ != 0;
}

bool ThreadReader::read_from(Part& part, RawEvent& event) const noexcept {
  const std::uint64_t* const words = part.buffer->words + part.read_count;
  const std::uint64_t left_count = part.word_count - part.read_count;
  if (left_count < 2) return false;
  event.kind = static_cast<RawKind>(words[0] & 0xff);
  const std::uint64_t bytes_count = has_bytes(event.kind) ? 1 : 0;
  const std::uint64_t stack_count = words[1] >> upper_shift;
  const std::uint64_t word_count = 2 + bytes_count + stack_count;
  event.stamp = words[0] >> stamp_shift;
  if (left_count < word_count || event.stamp > stamp_max_ || !is_kind(event.kind)) return false;
  // Which kind comes next is hard to guess: no branch decides.
  const std::uint64_t sized = words[1 + bytes_count] & (0 - bytes_count);
  event.thread = thread_;
  event.address = words[1] & address_mask;
  event.bytes = sized & bytes_mask;
  event.alignment_shift = static_cast<std::uint8_t>(sized >> alignment_upper_shift & 63);
  event.stack = {words + 2 + bytes_count, static_cast<std::size_t>(stack_count)};
  part.read_count += word_count;
  return true;
}

bool ThreadReader::has_read(const Buffer& buffer) const noexcept {
  if (first_ != last_ && events_buffer_ == &buffer) return false;
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.buffer == &buffer && part.read_count >= written_count(buffer);
  });
}

void ThreadReader::remove(const Buffer& buffer) {
  nested_count_ += buffer.nested_count.load(std::memory_order_relaxed);
  std::erase_if(parts_, [&](const Part& part) { return part.buffer == &buffer; });
  current_ = 0;  // those that have been read are soon passed
}

}  // namespace tarn::record
