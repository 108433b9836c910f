// examples/proxy/proxy_test.cpp - proxy_test [mebibytes]: bytes through the proxy, both ways.
//
//     client --numbers, in chunks of any size--> proxy --> target       each side checks
//            <--------- other numbers ---------- proxy <--              what it gets
//
// Goal: every byte arrives as it was sent; while the target does not read, the proxy's memory stays
// within its windows, whatever the client would like to send; in the end it holds nothing.

#include "examples/proxy/proxy.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace {

using proxy::Socket;
using proxy::asio::ip::tcp;

constexpr std::size_t chunk_bytes_max = 100000;

// The stream of one direction: a byte at each position, the same for sender and receiver.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(seed) {}

  void fill(std::vector<std::uint8_t>& bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::minstd_rand random_;
};

void send(Socket& socket, std::uint64_t seed, std::size_t total_bytes) {
  Stream stream(seed);
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> chunk;
  while (total_bytes != 0) {
    chunk.resize(std::min(total_bytes, 1 + random() % chunk_bytes_max));
    stream.fill(chunk);
    boost::asio::write(socket, boost::asio::buffer(chunk));
    total_bytes -= chunk.size();
  }
  socket.shutdown(Socket::shutdown_send);
}

// Returns how many bytes came as they should before the end, or the first that did not.
std::size_t receive(Socket& socket, std::uint64_t seed) {
  Stream stream(seed);
  std::mt19937_64 random(seed + 1);
  std::vector<std::uint8_t> chunk;
  std::vector<std::uint8_t> expected;
  std::size_t received_bytes = 0;
  for (proxy::error_code error; !error;) {
    chunk.resize(1 + random() % chunk_bytes_max);
    chunk.resize(socket.read_some(boost::asio::buffer(chunk), error));
    expected.resize(chunk.size());
    stream.fill(expected);
    if (chunk != expected) break;
    received_bytes += chunk.size();
  }
  return received_bytes;
}

// Waits until the pool holds no more than it did a moment ago; returns the most it held.
std::size_t settled_bytes(const tarn::BufferPool& pool) {
  std::size_t most_bytes = 0;
  for (int quiet_count = 0; quiet_count < 20; ++quiet_count) {
    const std::size_t bytes = pool.stats().used_bytes;
    if (bytes > most_bytes) {
      most_bytes = bytes;
      quiet_count = 0;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return most_bytes;
}

// Waits until the pool holds nothing, ten seconds at most; returns what it holds still.
std::size_t left_bytes(const tarn::BufferPool& pool) {
  for (int try_count = 0; pool.stats().used_bytes != 0 && try_count < 1000; ++try_count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return pool.stats().used_bytes;
}

struct Outcome {
  std::size_t sent_bytes;
  std::size_t received_upstream_bytes = 0;
  std::size_t received_downstream_bytes = 0;
  std::size_t held_bytes = 0;
  std::size_t left_bytes = 0;
};

Outcome run(std::size_t total_bytes) {
  constexpr std::uint64_t up = 1;
  constexpr std::uint64_t down = 2;
  Outcome outcome{total_bytes};
  tarn::BufferPool pool;
  proxy::asio::io_context loop(1);
  proxy::asio::io_context blocking;
  tcp::acceptor target(blocking, {proxy::asio::ip::address_v4::loopback(), 0});
  const proxy::Proxy server(loop, 0, target.local_endpoint(), pool);
  std::thread proxy_thread([&] { loop.run(); });

  Socket client(blocking);
  client.connect({proxy::asio::ip::address_v4::loopback(), server.port()});
  Socket far_end = target.accept();
  std::thread client_sends([&] { send(client, up, total_bytes); });
  outcome.held_bytes = settled_bytes(pool);  // nobody reads at the other end
  std::thread target_sends([&] { send(far_end, down, total_bytes); });
  std::thread client_receives([&] { outcome.received_downstream_bytes = receive(client, down); });
  outcome.received_upstream_bytes = receive(far_end, up);
  client_sends.join();
  target_sends.join();
  client_receives.join();
  outcome.left_bytes = left_bytes(pool);
  loop.stop();
  proxy_thread.join();
  return outcome;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::size_t mebibytes =
      argument_count > 1 ? std::strtoul(arguments[1], nullptr, 10) : std::size_t{64};
  const Outcome outcome = run(mebibytes << 20);
  // A window, what one read may add to it, and the buffer being filled; the other pipe's buffer.
  constexpr std::size_t held_bytes_max = proxy::Pipe::window_bytes + 4 * 20480;
  std::printf("%zu MiB each way: %zu bytes arrived upstream, %zu downstream\n", mebibytes,
              outcome.received_upstream_bytes, outcome.received_downstream_bytes);
  std::printf("while the target did not read: %zu bytes in buffers, %zu at most; in the end %zu\n",
              outcome.held_bytes, held_bytes_max, outcome.left_bytes);
  const bool is_right = outcome.received_upstream_bytes == outcome.sent_bytes &&
                        outcome.received_downstream_bytes == outcome.sent_bytes &&
                        outcome.held_bytes <= held_bytes_max &&
                        outcome.held_bytes >= proxy::Pipe::window_bytes && outcome.left_bytes == 0;
  return is_right ? 0 : 1;
}
