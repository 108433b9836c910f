// examples/buffer_chain_writev.cpp - how does one response go to many sockets, and its body is
// copied for none?
//
//     response 1:   head 1 -> body \                     one block of the pool, counted
//     response 2:   head 2 -> body -+-> the same bytes
//     response 3:   head 3 -> body /                     writev(head, body)

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "tarn/buffer/buffer_chain.hpp"

namespace {

// As much as the socket takes at a time, until all is gone.
bool write_all(int socket, tarn::BufferChain& response) {
  while (!response.is_empty()) {
    std::array<tarn::IoVec, 16> parts;
    const std::size_t count = response.iovecs(parts);
    const ssize_t written = writev(socket, parts.data(), static_cast<int>(count));
    if (written < 0) return false;
    response.consume(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_some(int socket, tarn::BufferChain& received) {
  std::array<tarn::IoVec, 2> room;
  const std::size_t count = received.prepare(1000).iovecs(room);
  const ssize_t got = readv(socket, room.data(), static_cast<int>(count));
  if (got <= 0) return false;
  received.commit(static_cast<std::size_t>(got));
  return true;
}

}  // namespace

int main() {
  tarn::BufferPool pool({.arena = {.name = "responses"}});
  tarn::Buffer body = pool.allocate();
  body.write("the same for everybody\n");

  bool is_right = true;
  for (int client = 1; client <= 3; ++client) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    tarn::BufferChain response(pool);
    response.write("client " + std::to_string(client) + ": ");
    response.append(body.share());
    is_right = is_right && response.parts()[1].bytes().data() == body.bytes().data();
    is_right = is_right && write_all(ends[0], response);
    shutdown(ends[0], SHUT_WR);

    tarn::BufferChain received(pool);
    while (read_some(ends[1], received)) {
    }
    const std::size_t bytes = received.readable_bytes();
    const auto* const text = reinterpret_cast<const char*>(received.consolidate(bytes).data());
    std::printf("%.*s", static_cast<int>(bytes), text);
    is_right = is_right && std::string_view(text, bytes).ends_with("the same for everybody\n");
    close(ends[0]);
    close(ends[1]);
  }
  return is_right && !body.is_shared() ? 0 : 1;
}
