// examples/buffer_frames.cpp - how are messages cut out of a stream without copying them?
//
//     what the socket gave:   | 5 | h e l l o | 3 | b y e | 7 | n o t   w
//                                 \____ ____/     \__ __/     ^ not whole yet: stays
//                                    slice         slice
//
// Each message is a slice of the buffer it was read into: a handle, which others may keep as long
// as they like. The buffer reads on behind the last one.

#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "tarn/buffer/buffer_pool.hpp"

namespace {

// A message is its length, as a varint, and its bytes.
std::optional<tarn::Buffer> next_message(tarn::Buffer& stream) {
  tarn::Buffer ahead = stream.share();  // reads on alone, to see whether there is a whole message
  const auto bytes = ahead.read_varint();
  if (!bytes || ahead.readable_bytes() < *bytes) return std::nullopt;
  stream.consume(stream.readable_bytes() - ahead.readable_bytes());
  return stream.read_slice(*bytes);
}

}  // namespace

int main() {
  tarn::BufferPool pool({.arena = {.name = "messages"}});
  tarn::Buffer sent = pool.allocate();
  for (const std::string_view text : {"hello", "bye", "not whole yet"}) {
    sent.write_varint(text.size());
    sent.write(text);
  }

  // It arrives in pieces of nine bytes.
  tarn::Buffer stream = pool.allocate(64);
  std::vector<tarn::Buffer> messages;
  while (sent.readable_bytes() > 9) {
    stream.write(sent.read_slice(9).bytes());
    while (auto message = next_message(stream)) messages.push_back(*std::move(message));
  }
  for (const tarn::Buffer& message : messages) {
    std::printf("%.*s\n", static_cast<int>(message.readable_bytes()), message.text().data());
  }
  const bool is_right = messages.size() == 2 && messages[0].text() == "hello" &&
                        messages[1].text() == "bye" && messages[0].is_shared();
  return is_right ? 0 : 1;
}
