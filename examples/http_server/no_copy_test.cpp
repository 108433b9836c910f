// examples/http_server/no_copy_test.cpp - where the server's sockets read to and write from.
//
//     socket --recv--> read buffer: pieces of the request's body     pooled memory --> handler
//     handler -------> pieces of the response's body                 pooled memory --> socket
//
// Goal: in pooled mode a socket reads straight into pooled buffers, the handler finds the body of a
// request, if its length is known, at the very addresses to which the socket read it, and that of a
// response goes to the socket from those at which the handler wrote it; with malloc neither lies in
// the pool, and each byte of a request's body is a copy. Method: the linker sends what the server
// calls - recv, send, sendmsg, and two functions of its own - through functions here, which note
// addresses.

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "examples/http_server/handlers.hpp"
#include "examples/http_server/server.hpp"
#include "tarn/source/fixed_source.hpp"

namespace {

struct Bytes {
  const std::byte* begin;
  std::size_t count;

  [[nodiscard]] const std::byte* end() const { return begin + count; }
};

// All the memory that the pool can have, so that an address tells whether it is pooled.
alignas(4096) std::byte pool_memory[std::size_t{64} << 20];

bool is_pooled(const Bytes& bytes) {
  return bytes.begin >= pool_memory && bytes.end() <= std::end(pool_memory);
}

struct Notes {
  std::mutex mutex;  // for what follows
  std::vector<Bytes> read_to;
  std::vector<Bytes> written_from;
  std::vector<Bytes> asked;     // the request's body, as the handler found it
  std::vector<Bytes> answered;  // the response's, as it left it

  void add(std::vector<Bytes>& list, const void* begin, std::size_t count) {
    const std::lock_guard lock(mutex);
    list.push_back({static_cast<const std::byte*>(begin), count});
  }
};
Notes notes;

}  // namespace

// ---- in place of what the server calls ----------------------------------------------------------

// The linker's names for a function and for what stands in its place.
ssize_t system_recv(int, void*, std::size_t, int) asm("__real_recv");
ssize_t system_send(int, const void*, std::size_t, int) asm("__real_send");
ssize_t system_sendmsg(int, const msghdr*, int) asm("__real_sendmsg");
ssize_t noted_recv(int, void*, std::size_t, int) asm("__wrap_recv");
ssize_t noted_send(int, const void*, std::size_t, int) asm("__wrap_send");
ssize_t noted_sendmsg(int, const msghdr*, int) asm("__wrap_sendmsg");

ssize_t noted_recv(int socket, void* buffer, std::size_t bytes, int flags) {
  const ssize_t count = system_recv(socket, buffer, bytes, flags);
  if (count > 0) notes.add(notes.read_to, buffer, static_cast<std::size_t>(count));
  return count;
}

ssize_t noted_send(int socket, const void* buffer, std::size_t bytes, int flags) {
  const ssize_t count = system_send(socket, buffer, bytes, flags);
  if (count > 0) notes.add(notes.written_from, buffer, static_cast<std::size_t>(count));
  return count;
}

ssize_t noted_sendmsg(int socket, const msghdr* message, int flags) {
  const ssize_t count = system_sendmsg(socket, message, flags);
  std::size_t left = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (std::size_t index = 0; left != 0; ++index) {
    const iovec& piece = message->msg_iov[index];
    notes.add(notes.written_from, piece.iov_base, std::min(piece.iov_len, left));
    left -= std::min(piece.iov_len, left);
  }
  return count;
}

namespace http_server {

tarn::BufferPool& noted_buffers() asm("__wrap__ZN11http_server7buffersEv");
void own_complete_fields(Exchange&, std::string_view) asm(
    "__real__ZN11http_server15complete_fieldsERNS_8ExchangeESt17basic_string_viewIcSt11char_"
    "traitsIcEE");
void noted_complete_fields(Exchange&, std::string_view) asm(
    "__wrap__ZN11http_server15complete_fieldsERNS_8ExchangeESt17basic_string_viewIcSt11char_"
    "traitsIcEE");

tarn::BufferPool& noted_buffers() {
  static tarn::FixedSource source(pool_memory, sizeof pool_memory);
  static tarn::BufferPool pool({.arena = {.source = &source}});
  return pool;
}

void noted_complete_fields(Exchange& exchange, std::string_view date) {
  own_complete_fields(exchange, date);
  const RequestText& asked = exchange.request().body();
  for (std::size_t index = 0; index < asked.piece_count(); ++index) {
    notes.add(notes.asked, asked.piece(index).data(), asked.piece(index).size());
  }
  const ResponseText& answered = exchange.response.body();
  for (std::size_t index = 0; index < answered.piece_count(); ++index) {
    notes.add(notes.answered, answered.piece(index).data(), answered.piece(index).size());
  }
}

}  // namespace http_server

// ---- the test -----------------------------------------------------------------------------------

namespace {

// By calls that are not noted.
std::string ask(unsigned short port, const std::string& request) {
  boost::asio::io_context context;
  http_server::asio::ip::tcp::socket socket(context);
  socket.connect({boost::asio::ip::address_v4::loopback(), port});
  std::size_t sent = 0;
  while (sent < request.size()) {
    const ssize_t count =
        write(socket.native_handle(), request.data() + sent, request.size() - sent);
    if (count <= 0) return "";
    sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  std::vector<char> bytes(65536);
  ssize_t count = 0;
  while ((count = read(socket.native_handle(), bytes.data(), bytes.size())) > 0) {
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

std::string request_of(const std::string& line, const std::string& body) {
  return line + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t total(const std::vector<Bytes>& list) {
  std::size_t count = 0;
  for (const Bytes& bytes : list) count += bytes.count;
  return count;
}

// How many of the bytes at `places` went through the socket there: read to or written from. A byte
// that did so twice counts once.
std::size_t common_bytes(const std::vector<Bytes>& places, std::vector<Bytes> socket_places) {
  std::sort(socket_places.begin(), socket_places.end(),
            [](const Bytes& left, const Bytes& right) { return left.begin < right.begin; });
  std::size_t count = 0;
  for (const Bytes& place : places) {
    const std::byte* next = place.begin;
    for (const Bytes& at_socket : socket_places) {
      const std::byte* const begin = std::max(next, at_socket.begin);
      const std::byte* const end = std::min(place.end(), at_socket.end());
      if (begin >= end) continue;
      count += static_cast<std::size_t>(end - begin);
      next = end;
    }
  }
  return count;
}

bool expect(bool is_right, const char* what) {
  if (!is_right) std::printf("%s\n", what);
  return is_right;
}

bool check(std::size_t asked_bytes, std::size_t written_bytes, bool has_pool) {
  const std::lock_guard lock(notes.mutex);
  const auto in_pool = [&](const std::vector<Bytes>& list) {
    return std::all_of(list.begin(), list.end(),
                       [&](const Bytes& bytes) { return is_pooled(bytes) == has_pool; });
  };
  const std::size_t copied_bytes = asked_bytes - common_bytes(notes.asked, notes.read_to);
  const bool is_right =
      expect(total(notes.asked) == asked_bytes, "a handler found no body") &&
      expect(total(notes.answered) >= std::max<std::size_t>(asked_bytes, 100),
             "a handler made no body") &&
      expect(total(notes.written_from) == written_bytes, "not all that is written is noted") &&
      expect(in_pool(notes.read_to), "a socket reads elsewhere") &&
      expect(asked_bytes == 0 || in_pool(notes.asked), "a request's body lies elsewhere") &&
      expect(copied_bytes == (has_pool ? 0 : asked_bytes), "a request's body is copied, or not") &&
      expect(in_pool(notes.answered), "a response's body lies elsewhere") &&
      expect(common_bytes(notes.answered, notes.written_from) == total(notes.answered),
             "a response's body is copied");
  notes.read_to.clear();
  notes.written_from.clear();
  notes.asked.clear();
  notes.answered.clear();
  return is_right;
}

bool serves_without_copies(http_server::Strategy strategy) {
  const bool has_pool = strategy == http_server::Strategy::region;
  http_server::Options options;
  options.memory = strategy;
  options.port = 0;
  http_server::Server server(options);
  const unsigned short port = server.endpoint().port();
  std::thread serving([&] { server.run(); });
  std::string numbers = "[1";
  while (numbers.size() < 200000) numbers += ",1234567";
  numbers += ']';
  const std::string page = ask(port, request_of("GET /page?name=you", ""));
  bool is_right = check(0, page.size(), has_pool);
  const std::string echo = ask(port, request_of("POST /echo", numbers));
  is_right = check(numbers.size(), echo.size(), has_pool) && is_right;
  std::raise(SIGTERM);
  serving.join();
  return is_right;
}

}  // namespace

int main() {
  const bool is_right = serves_without_copies(http_server::Strategy::region) &&
                        serves_without_copies(http_server::Strategy::malloc);
  return is_right ? 0 : 1;
}
