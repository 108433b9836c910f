// What BufferShadow does with chains; with single buffers, buffer_shadow.cpp.

#include <algorithm>
#include <array>
#include <utility>

#include "testing/buffer_shadow.hpp"

namespace tarn {

void BufferShadow::begin_chain() {
  if (chains_.size() == chains_max) return;
  chains_.push_back({BufferChain(pool_, {.part_bytes = 100, .bytes_max = 20000}), {}});
}

void BufferShadow::end_chain() {
  std::swap(choose_chain(), chains_.back());
  chains_.pop_back();
}

void BufferShadow::append_part() {
  ShadowChain& chain = choose_chain();
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = buffer.real.readable_bytes();
  const bool fits = chain.real.readable_bytes() + bytes <= chain.real.bytes_max();
  Buffer part = buffer.real.share();
  if (!chain.real.try_append(std::move(part))) {
    if (fits) expect_refusable("a part was refused");
    return expect(part.readable_bytes() == bytes, "a refused part is lost");
  }
  expect(fits, "more was appended than may be");
  if (bytes != 0) chain.model.push_back(buffer.model);
}

void BufferShadow::prepend_part() {
  ShadowChain& chain = choose_chain();
  ShadowBuffer& buffer = choose_buffer();
  const std::size_t bytes = buffer.real.readable_bytes();
  // The owner itself: from here on only the chain has it.
  if (!chain.real.try_prepend(std::move(buffer.real))) {
    return expect(buffer.real.readable_bytes() == bytes, "a refused part is lost");
  }
  if (bytes != 0) chain.model.insert(chain.model.begin(), buffer.model);
  buffer = std::move(buffers_.back());
  buffers_.pop_back();
}

void BufferShadow::append_chain() {
  ShadowChain& to = choose_chain();
  ShadowChain& from = choose_chain();
  if (&to == &from) return;
  if (!to.real.try_append(std::move(from.real))) return;
  to.model.insert(to.model.end(), from.model.begin(), from.model.end());
  from.model.clear();
}

void BufferShadow::slice_chain() {
  if (chains_.size() == chains_max) return;
  ShadowChain& chain = choose_chain();
  const std::size_t index = choose_up_to(chain.real.readable_bytes());
  const std::size_t bytes = choose_up_to(chain.real.readable_bytes() - index);
  std::optional<BufferChain> slice = chain.real.try_slice(index, bytes);
  if (!slice) return expect_refusable("a slice of a chain was refused");
  std::vector<Piece> pieces = chain.model;
  static_cast<void>(take_front(pieces, index));
  chains_.push_back({*std::move(slice), take_front(pieces, bytes)});
}

void BufferShadow::split_chain() {
  if (chains_.size() == chains_max) return;
  ShadowChain& chain = choose_chain();
  const std::size_t bytes = choose_up_to(chain.real.readable_bytes());
  std::optional<BufferChain> front = chain.real.try_split(bytes);
  if (!front) return expect_refusable("a split was refused");
  std::vector<Piece> pieces = take_front(chain.model, bytes);
  chains_.push_back({*std::move(front), std::move(pieces)});
}

void BufferShadow::consolidate() {
  ShadowChain& chain = choose_chain();
  const std::size_t bytes = choose_up_to(chain.real.readable_bytes());
  const bool is_in_one_place = bytes == 0 || chain.real.parts().front().readable_bytes() >= bytes;
  if (!chain.real.try_consolidate(bytes)) return expect_refusable("consolidating was refused");
  if (is_in_one_place) return;
  expect(chain.real.parts().front().readable_bytes() == bytes, "the front is not in one place");
  const std::string text = text_of(take_front(chain.model, bytes));
  chain.model.insert(chain.model.begin(),
                     {std::make_shared<Bytes>(text.begin(), text.end()), 0, text.size()});
}

void BufferShadow::write_chain() {
  ShadowChain& chain = choose_chain();
  const Bytes bytes = fresh_bytes(choose_bytes());
  const bool fits = chain.real.readable_bytes() + bytes.size() <= chain.real.bytes_max();
  if (!chain.real.try_write(as_span(bytes))) {
    if (fits) expect_refusable("a write to a chain was refused");
    return;
  }
  expect(fits, "more was written to a chain than may be");
  if (!bytes.empty()) chain.model.push_back({std::make_shared<Bytes>(bytes), 0, bytes.size()});
}

// As readv() would: room in several places, of which some is filled.
void BufferShadow::fill_prepared() {
  ShadowChain& chain = choose_chain();
  const std::size_t bytes = choose_bytes();
  if (!chain.real.try_reserve(bytes)) return;
  expect(chain.real.writable_bytes() >= bytes, "a chain reserved less than was asked for");
  const Bytes filling = fresh_bytes(choose_up_to(bytes));
  std::size_t filled_bytes = 0;
  for (const std::span<std::byte> part : chain.real.writable()) {
    const std::size_t part_bytes = std::min(part.size(), filling.size() - filled_bytes);
    std::copy_n(as_span(filling).begin() + static_cast<std::ptrdiff_t>(filled_bytes), part_bytes,
                part.begin());
    filled_bytes += part_bytes;
  }
  chain.real.commit(filling.size());
  if (!filling.empty()) {
    chain.model.push_back({std::make_shared<Bytes>(filling), 0, filling.size()});
  }
}

void BufferShadow::read_chain() {
  ShadowChain& chain = choose_chain();
  std::string to(choose_up_to(chain.real.readable_bytes()), '\0');
  expect(chain.real.try_read(std::as_writable_bytes(std::span(to))), "a chain is not readable");
  expect(to == text_of(take_front(chain.model, to.size())), "other bytes were read of a chain");
}

void BufferShadow::consume_chain() {
  ShadowChain& chain = choose_chain();
  const std::size_t bytes = choose_up_to(chain.real.readable_bytes());
  chain.real.consume(bytes);
  static_cast<void>(take_front(chain.model, bytes));
}

void BufferShadow::overwrite_chain() {
  ShadowChain& chain = choose_chain();
  if (chain.real.readable_bytes() < 2) return;
  const Bytes bytes = fresh_bytes(2);
  const std::size_t index = choose_up_to(chain.real.readable_bytes() - 2);
  chain.real.set_be(index, static_cast<std::uint16_t>(bytes[0] * 256u + bytes[1]));
  write_over(chain.model, index, bytes);
}

void BufferShadow::find_in_chain() {
  const ShadowChain& chain = choose_chain();
  const std::string text = text_of(chain.model);
  const std::string pattern = text.substr(choose_up_to(text.size()), choices_.choose(6));
  const std::size_t index = choose_up_to(text.size());
  const std::size_t expected = text.find(pattern, index);
  expect(chain.real.find(pattern, index).value_or(std::string::npos) == expected,
         "a pattern was found elsewhere in a chain");
}

void BufferShadow::check_chains() {
  for (const ShadowChain& chain : chains_) {
    std::string text;
    for (const Buffer& part : chain.real.parts()) {
      expect(!part.is_empty(), "a part is empty");
      text += part.text();
    }
    expect(text == text_of(chain.model), "a chain has other bytes");
    expect(chain.real.readable_bytes() == text.size(), "a chain counts wrongly");
    std::array<IoVec, 4> vectors;
    std::string front;
    for (std::size_t i = 0, count = chain.real.iovecs(vectors); i < count; ++i) {
      front.append(static_cast<const char*>(vectors[i].iov_base), vectors[i].iov_len);
    }
    expect(text.starts_with(front), "iovecs name other bytes");
  }
}

}  // namespace tarn
