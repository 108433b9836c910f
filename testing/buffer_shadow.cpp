#include "testing/buffer_shadow.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "testing/failing_source.hpp"

namespace tarn {

BufferShadow::BufferShadow(Choices& choices, const BufferShadowOptions& options, Source& upstream)
    : StepShadow(choices),
      options_(options),
      source_(upstream),
      // Chunks of few pages, so that the source is asked often.
      pool_({.arena = {.source = &source_,
                       .page_bytes = 4096,
                       .chunk_bytes = 8192,
                       .shard_count = 1,
                       .checking = options.checking},
             .leak_detection = LeakDetection::all}) {}

BufferShadow::~BufferShadow() {
  buffers_.clear();
  chains_.clear();
}

const BufferShadow::Step BufferShadow::steps[] = {
    {"allocate", &BufferShadow::allocate},
    {"release", &BufferShadow::release},
    {"write", &BufferShadow::write},
    {"write number", &BufferShadow::write_number},
    {"write itself", &BufferShadow::write_itself},
    {"read", &BufferShadow::read},
    {"consume", &BufferShadow::consume},
    {"unread", &BufferShadow::unread},
    {"truncate", &BufferShadow::truncate},
    {"clear", &BufferShadow::clear},
    {"reserve", &BufferShadow::reserve},
    {"set capacity", &BufferShadow::set_capacity},
    {"discard read", &BufferShadow::discard_read},
    {"share", &BufferShadow::share},
    {"slice", &BufferShadow::slice},
    {"read slice", &BufferShadow::read_slice},
    {"copy", &BufferShadow::copy},
    {"overwrite", &BufferShadow::overwrite},
    {"find", &BufferShadow::find},
    {"cross threads", &BufferShadow::cross_threads},
    {"trim", &BufferShadow::trim},
    // With chains only.
    {"begin chain", &BufferShadow::begin_chain},
    {"end chain", &BufferShadow::end_chain},
    {"append part", &BufferShadow::append_part},
    {"prepend part", &BufferShadow::prepend_part},
    {"append chain", &BufferShadow::append_chain},
    {"slice chain", &BufferShadow::slice_chain},
    {"split chain", &BufferShadow::split_chain},
    {"consolidate", &BufferShadow::consolidate},
    {"write chain", &BufferShadow::write_chain},
    {"fill prepared", &BufferShadow::fill_prepared},
    {"read chain", &BufferShadow::read_chain},
    {"consume chain", &BufferShadow::consume_chain},
    {"overwrite chain", &BufferShadow::overwrite_chain},
    {"find in chain", &BufferShadow::find_in_chain},
};

bool BufferShadow::step() {
  const std::size_t step_count = options_.has_chains ? std::size(steps) : buffer_step_count;
  const Step& chosen = steps[choices_.choose(step_count)];
  if (buffers_.empty()) allocate();
  if (options_.has_chains && chains_.empty()) begin_chain();
  if (!buffers_.empty()) (this->*chosen.run)();
  check_buffers();
  check_chains();
  if (!is_right()) wrong_ = std::string(chosen.name) + ": " + wrong_;
  return is_right();
}

// ---- what to choose from ------------------------------------------------------------------------

std::size_t BufferShadow::choose_bytes() {
  static constexpr std::array<std::size_t, 16> sizes = {0,  1,   2,   7,    16,   31,   32,   33,
                                                        64, 100, 224, 1000, 2000, 4064, 4097, 9000};
  return sizes[choices_.choose(sizes.size())];
}

std::size_t BufferShadow::choose_up_to(std::size_t bytes) {
  const std::size_t way = choices_.choose(4);
  if (way == 0) return bytes;
  if (way == 1) return bytes / 2;
  return std::min(bytes, choices_.choose(200));
}

BufferShadow::Bytes BufferShadow::fresh_bytes(std::size_t count) {
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) byte = next_byte_++;
  return bytes;
}

BufferShadow::ShadowBuffer& BufferShadow::choose_buffer() {
  return buffers_[buffers_.size() - 1 - choices_.choose_recent(buffers_.size())];
}

BufferShadow::ShadowChain& BufferShadow::choose_chain() {
  return chains_[choices_.choose(chains_.size())];
}

// ---- the model ----------------------------------------------------------------------------------

std::span<const std::byte> BufferShadow::as_span(const Bytes& bytes) {
  return std::as_bytes(std::span(bytes));
}

std::string BufferShadow::text_of(const Piece& piece) {
  const auto first = piece.bytes->begin();
  return {first + static_cast<std::ptrdiff_t>(piece.begin),
          first + static_cast<std::ptrdiff_t>(piece.end)};
}

std::string BufferShadow::text_of(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces) text += text_of(piece);
  return text;
}

void BufferShadow::append(Piece& piece, const Bytes& bytes) {
  if (bytes.empty()) return;  // a slice may do that too
  piece.bytes->insert(piece.bytes->end(), bytes.begin(), bytes.end());
  piece.end = piece.bytes->size();
}

std::vector<BufferShadow::Piece> BufferShadow::take_front(std::vector<Piece>& pieces,
                                                          std::size_t bytes) {
  std::vector<Piece> front;
  while (bytes != 0) {
    Piece piece = pieces.front();
    piece.end = std::min(piece.end, piece.begin + bytes);
    bytes -= piece.size();
    pieces.front().begin = piece.end;
    if (pieces.front().size() == 0) pieces.erase(pieces.begin());
    front.push_back(std::move(piece));
  }
  return front;
}

void BufferShadow::write_over(std::vector<Piece>& pieces, std::size_t index, const Bytes& bytes) {
  for (const std::uint8_t byte : bytes) {
    std::size_t piece_index = index++;
    auto piece = pieces.begin();
    while (piece_index >= piece->size()) piece_index -= piece++->size();
    (*piece->bytes)[piece->begin + piece_index] = byte;
  }
}

// An owner that had to leave a shared block has bytes of its own.
void BufferShadow::note_move_out(ShadowBuffer& buffer) {
  Piece& model = buffer.model;
  if (!buffer.real.is_shared() && model.bytes.use_count() > 1) {
    model.bytes = std::make_shared<Bytes>(*model.bytes);
  }
}

// ---- one buffer ---------------------------------------------------------------------------------

void BufferShadow::allocate() {
  if (buffers_.size() == buffers_max) return;
  const std::size_t capacity = choose_bytes();
  const std::size_t capacity_max = choices_.choose(3) == 0 ? capacity + choose_bytes() : 100000;
  Buffer buffer = pool_.try_allocate(capacity, capacity_max);
  if (!buffer) return expect_refusable("a buffer was refused");
  expect(buffer.capacity() == capacity && buffer.capacity_max() == capacity_max,
         "a buffer has another capacity than it was asked for");
  buffers_.push_back({std::move(buffer), {}});
}

void BufferShadow::release() {
  ShadowBuffer& buffer = choose_buffer();
  buffer.real.release();
  if (&buffer != &buffers_.back()) buffer = std::move(buffers_.back());
  buffers_.pop_back();
}

void BufferShadow::write() {
  ShadowBuffer& buffer = choose_buffer();
  const Bytes bytes = fresh_bytes(choose_bytes());
  const bool fits =
      bytes.empty() || (buffer.real.is_owner() &&
                        buffer.real.readable_bytes() + bytes.size() <= buffer.real.capacity_max());
  if (buffer.real.try_write(as_span(bytes))) {
    expect(fits, "more was written than may be");
    note_move_out(buffer);
    append(buffer.model, bytes);
  } else if (fits) {
    expect_refusable("a write was refused");
  }
}

void BufferShadow::write_number() {
  ShadowBuffer& buffer = choose_buffer();
  const Bytes bytes = fresh_bytes(3);
  const std::uint32_t value = bytes[0] * 65536u + bytes[1] * 256u + bytes[2];
  if (buffer.real.try_write_be<std::uint32_t, 3>(value)) {
    note_move_out(buffer);
    append(buffer.model, bytes);
  }
}

void BufferShadow::write_itself() {
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = std::min(buffer.real.readable_bytes(), std::size_t{3000});
  const std::string text = text_of(buffer.model).substr(0, bytes);
  if (buffer.real.try_write(buffer.real.bytes().first(bytes))) {
    note_move_out(buffer);
    append(buffer.model, Bytes(text.begin(), text.end()));
  }
}

void BufferShadow::read() {
  ShadowBuffer& buffer = choose_buffer();
  std::string to(choose_up_to(buffer.real.readable_bytes()), '\0');
  expect(buffer.real.try_read(std::as_writable_bytes(std::span(to))), "readable is not readable");
  expect(to == text_of(buffer.model).substr(0, to.size()), "other bytes were read");
  buffer.model.begin += to.size();
}

void BufferShadow::consume() {
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = choose_up_to(buffer.real.readable_bytes());
  buffer.real.consume(bytes);
  buffer.model.begin += bytes;
}

void BufferShadow::unread() {
  ShadowBuffer& buffer = choose_buffer();
  if (!buffer.real.is_owner()) return;
  const std::size_t bytes = choose_up_to(buffer.real.reader_index());
  if (bytes > buffer.model.begin) return;  // it was cleared where others still see it
  buffer.real.unread(bytes);
  buffer.model.begin -= bytes;
}

void BufferShadow::truncate() {
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = choose_up_to(buffer.real.readable_bytes());
  buffer.real.truncate(bytes);
  buffer.model.end = buffer.model.begin + bytes;
  // The owner goes on at its new end.
  if (buffer.model.bytes.use_count() == 1) buffer.model.bytes->resize(buffer.model.end);
}

void BufferShadow::clear() {
  ShadowBuffer& buffer = choose_buffer();
  buffer.real.clear();
  buffer.model.begin = buffer.model.end;
}

void BufferShadow::reserve() {
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = choose_bytes();
  if (buffer.real.try_reserve(bytes)) {
    expect(buffer.real.writable_bytes() >= bytes, "less was reserved than was asked for");
    note_move_out(buffer);
  }
}

void BufferShadow::set_capacity() {
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = choose_bytes();
  if (buffer.real.try_set_capacity(bytes)) {
    expect(buffer.real.capacity() == bytes, "the capacity is not what was set");
    note_move_out(buffer);
  }
}

void BufferShadow::discard_read() {
  ShadowBuffer& buffer = choose_buffer();
  if (!buffer.real.try_discard_read()) return expect_refusable("discarding was refused");
  expect(!buffer.real.is_owner() || buffer.real.reader_index() == 0, "nothing was discarded");
  note_move_out(buffer);
}

void BufferShadow::share() {
  if (buffers_.size() == buffers_max) return;
  ShadowBuffer& buffer = choose_buffer();
  buffers_.push_back({buffer.real.share(), buffer.model});
}

void BufferShadow::slice() {
  if (buffers_.size() == buffers_max) return;
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t index = choose_up_to(buffer.real.readable_bytes());
  const std::size_t bytes = choose_up_to(buffer.real.readable_bytes() - index);
  Piece model = buffer.model;
  model.begin += index;
  model.end = model.begin + bytes;
  buffers_.push_back({buffer.real.slice(index, bytes), std::move(model)});
}

void BufferShadow::read_slice() {
  if (buffers_.size() == buffers_max) return;
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = choose_up_to(buffer.real.readable_bytes());
  Piece model = buffer.model;
  model.end = model.begin + bytes;
  buffer.model.begin += bytes;
  buffers_.push_back({buffer.real.read_slice(bytes), std::move(model)});
}

void BufferShadow::copy() {
  if (buffers_.size() == buffers_max) return;
  ShadowBuffer& buffer = choose_buffer();
  Buffer real = buffer.real.try_copy();
  if (!real) return expect_refusable("a copy was refused");
  const std::string text = text_of(buffer.model);
  buffers_.push_back(
      {std::move(real), {std::make_shared<Bytes>(text.begin(), text.end()), 0, text.size()}});
}

void BufferShadow::overwrite() {
  ShadowBuffer& buffer = choose_buffer();
  if (buffer.real.readable_bytes() < 2) return;
  const Bytes bytes = fresh_bytes(2);
  const std::size_t index = choose_up_to(buffer.real.readable_bytes() - 2);
  buffer.real.set_le(index, static_cast<std::uint16_t>(bytes[1] * 256u + bytes[0]));
  std::vector<Piece> pieces = {buffer.model};
  write_over(pieces, index, bytes);
}

void BufferShadow::find() {
  const ShadowBuffer& buffer = choose_buffer();
  const std::string text = text_of(buffer.model);
  const std::string pattern = text.substr(choose_up_to(text.size()), choices_.choose(4));
  const std::size_t index = choose_up_to(text.size());
  const std::size_t expected = text.find(pattern, index);
  expect(buffer.real.find(pattern, index).value_or(std::string::npos) == expected,
         "a pattern was found elsewhere");
}

void BufferShadow::cross_threads() { choose_buffer().real.share_across_threads(); }

void BufferShadow::trim() { pool_.trim(); }

// ---- looking at everything ----------------------------------------------------------------------

void BufferShadow::check_buffers() {
  for (const ShadowBuffer& buffer : buffers_) {
    const Buffer& real = buffer.real;
    expect(real.text() == text_of(buffer.model), "a buffer has other bytes");
    expect(real.writer_index() <= real.capacity() && real.capacity() <= real.capacity_max(),
           "a buffer's writer is behind its capacity");
    expect(buffer.model.bytes.use_count() == 1 || real.is_shared(), "a shared buffer is alone");
    const std::size_t block_bytes = real.is_owner() ? real.capacity() - real.reader_index() : 0;
    expect(source_.contains(real.bytes().data(), block_bytes), "a buffer is nowhere");
  }
}

std::string run_in_buffer_shadow(Choices& choices, const BufferShadowOptions& options,
                                 Source& upstream) {
  BufferShadow shadow(choices, options, upstream);
  return take_steps(shadow, choices);
}

std::string run_in_buffer_shadow(std::span<const std::uint8_t> bytes, bool has_chains) {
  ByteChoices choices(bytes);
  const std::size_t mode = choices.choose(256);
  const std::size_t refused_request = mode / 2;
  const bool source_may_fail = refused_request < 32;
  FailingSource source(heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  const Checking checking = mode % 2 == 0 ? Checking::off : Checking::guarded;
  return run_in_buffer_shadow(choices, {checking, has_chains, source_may_fail}, source);
}

}  // namespace tarn
