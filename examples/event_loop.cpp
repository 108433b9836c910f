// examples/event_loop.cpp - which regions does an event loop with keep-alive connections need?
//
//     server --> connection (unread bytes, its socket) --> request (one line, its answer)
//
// A connection's region lives for hours, so nothing of a request may go there. Each request is a
// child region: it ends with its answer, or with its connection if that closes in between.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "tarn/region/file_cleanup.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"

namespace {

constexpr std::size_t buffer_bytes = 512;
std::size_t answer_count = 0;

// Connections end in any order, so they themselves are not in a region but in a unique_ptr.
struct Connection {
  explicit Connection(int descriptor) : socket(descriptor) {
    tarn::close_on_cleanup(region, descriptor);
    unread = static_cast<char*>(region.allocate(buffer_bytes, 1));
  }
  tarn::Region region{tarn::RegionOptions{.name = "connection", .first_chunk_bytes = 1024}};
  int socket;
  char* unread = nullptr;
  std::size_t unread_bytes = 0;
};

void answer(Connection& connection, std::string_view line) {
  tarn::Region request(connection.region, {.name = "request"});
  const std::string_view words = tarn::copy(request, line);
  const std::string_view reply = tarn::format(request, "you said %s\n", words.data());
  if (write(connection.socket, reply.data(), reply.size()) > 0) ++answer_count;
}

// Returns false when the client has gone. A line may arrive in pieces, or several at once.
bool read_lines(Connection& connection) {
  const ssize_t got = read(connection.socket, connection.unread + connection.unread_bytes,
                           buffer_bytes - connection.unread_bytes);
  if (got <= 0) return false;
  std::string_view text(connection.unread, connection.unread_bytes + static_cast<std::size_t>(got));
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    answer(connection, text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  std::memmove(connection.unread, text.data(), text.size());
  connection.unread_bytes = text.size();
  return true;
}

void serve(std::vector<std::unique_ptr<Connection>> connections) {
  while (!connections.empty()) {
    std::vector<pollfd> waiting;
    for (const auto& connection : connections) waiting.push_back({connection->socket, POLLIN, 0});
    poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = waiting.size(); i-- > 0;) {
      if (waiting[i].revents == 0 || read_lines(*connections[i])) continue;
      connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace

int main() {
  constexpr std::string_view script = "hello\nhow are you\ngood bye\n";
  constexpr int client_count = 3;
  int clients[client_count];
  std::vector<std::unique_ptr<Connection>> connections;
  for (int& client : clients) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    client = ends[0];
    connections.push_back(std::make_unique<Connection>(ends[1]));
    if (write(client, script.data(), script.size()) < 0) return 1;
    shutdown(client, SHUT_WR);
  }
  serve(std::move(connections));

  constexpr std::string_view expected = "you said hello\nyou said how are you\nyou said good bye\n";
  bool right = answer_count == 9;
  for (const int client : clients) {
    char answers[256];
    const ssize_t got = recv(client, answers, expected.size(), MSG_WAITALL);
    right = right && std::string_view(answers, static_cast<std::size_t>(got)) == expected;
    right = right && read(client, answers, 1) == 0;  // the server's end was closed by its region
    close(client);
  }
  std::printf("%zu answers over %d connections, %s\n", answer_count, client_count,
              right ? "all as expected" : "something is wrong");
  return right ? 0 : 1;
}
