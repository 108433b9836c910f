// examples/proxy/proxy_test.cpp - proxy_test [mebibytes]: bytes through the proxy, both ways.
//
//     client --numbers, in chunks of any size--> proxy --> target       each side checks
//            <--------- other numbers ---------- proxy <--              what it gets
//
// Goal: every byte arrives as it was sent; while one side does not read, the proxy's memory stays
// within the window of that direction, and while neither does, of both, whatever the others would
// like to send; in the end it holds nothing.

#include "examples/proxy/proxy.hpp"

#include <algorithm>
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

// The stream of one direction: a byte at each position, the same for sender and receiver. It begins
// anew after a number of bytes that is prime, so that no power of two lies between equal ones.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : period_(1'000'003) {
    std::minstd_rand random(static_cast<std::uint32_t>(seed));
    for (std::uint8_t& byte : period_) byte = static_cast<std::uint8_t>(random());
  }

  void fill(std::vector<std::uint8_t>& bytes) {
    for (std::size_t filled = 0; filled < bytes.size();) {
      const std::size_t count = std::min(bytes.size() - filled, period_.size() - position_);
      std::copy_n(period_.data() + position_, count, bytes.data() + filled);
      filled += count;
      position_ = (position_ + count) % period_.size();
    }
  }

 private:
  std::vector<std::uint8_t> period_;
  std::size_t position_ = 0;
};

class Sender {
 public:
  Sender(Socket& socket, std::uint64_t seed, std::size_t total_bytes)
      : socket_(socket), stream_(seed), random_(seed), left_bytes_(total_bytes) {}

  void send(std::size_t bytes) {
    chunk_.resize(std::min(left_bytes_, bytes));
    stream_.fill(chunk_);
    boost::asio::write(socket_, boost::asio::buffer(chunk_));
    left_bytes_ -= chunk_.size();
  }

  void send_the_rest() {
    while (left_bytes_ != 0) send(1 + random_() % chunk_bytes_max);
    socket_.shutdown(Socket::shutdown_send);
  }

 private:
  Socket& socket_;
  Stream stream_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> chunk_;
  std::size_t left_bytes_;
};

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

// Sends until the proxy reads no more of this direction, while nobody reads at the other end: the
// last bytes one by one, of which each costs it a handle. Returns what its buffers hold then that
// they did not before.
std::size_t fill_window(Sender& sender, proxy::asio::io_context& loop,
                        const tarn::BufferPool& pool) {
  const std::size_t before_bytes = pool.stats().used_bytes;
  const auto held_bytes = [&] { return pool.stats().used_bytes - before_bytes; };
  const auto send = [&](std::size_t bytes) {
    sender.send(bytes);
    loop.run_one();
  };
  while (held_bytes() < proxy::Pipe::window_bytes / 4) send(4096);
  while (held_bytes() < proxy::Pipe::window_bytes) send(1);
  do sender.send(1);
  while (loop.poll() != 0);
  return held_bytes();
}

struct Outcome {
  std::size_t sent_bytes;
  std::size_t received_upstream_bytes = 0;
  std::size_t received_downstream_bytes = 0;
  std::size_t held_upstream_bytes = 0;
  std::size_t held_downstream_bytes = 0;
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
  proxy::Proxy server(loop, 0, target.local_endpoint(), pool);

  Socket client(blocking);
  client.connect({proxy::asio::ip::address_v4::loopback(), server.port()});
  loop.run_one();  // the proxy takes the client, and begins to connect to the target
  Socket far_end = target.accept();
  Sender upstream(client, up, total_bytes);
  Sender downstream(far_end, down, total_bytes);
  outcome.held_upstream_bytes = fill_window(upstream, loop, pool);
  outcome.held_downstream_bytes = fill_window(downstream, loop, pool);
  server.stop();
  std::thread client_sends([&] { upstream.send_the_rest(); });
  std::thread target_sends([&] { downstream.send_the_rest(); });
  std::thread client_receives([&] { outcome.received_downstream_bytes = receive(client, down); });
  std::thread target_receives([&] { outcome.received_upstream_bytes = receive(far_end, up); });
  loop.run();  // until the connection has ended
  for (std::thread* thread : {&client_sends, &target_sends, &client_receives, &target_receives}) {
    thread->join();
  }
  outcome.left_bytes = pool.stats().used_bytes;
  return outcome;
}

// And as much again at most for handles: their array doubles.
bool is_one_window(std::size_t held_bytes) {
  return held_bytes >= proxy::Pipe::window_bytes && held_bytes <= 2 * proxy::Pipe::window_bytes;
}

}  // namespace

int main(int argument_count, char** arguments) {
  // Fewer might all lie in the system's own buffers, while nobody reads.
  const std::size_t mebibytes =
      argument_count > 1 ? std::max(16ul, std::strtoul(arguments[1], nullptr, 10)) : 64;
  const Outcome outcome = run(mebibytes << 20);
  std::printf("%zu MiB each way: %zu bytes arrived upstream, %zu downstream\n", mebibytes,
              outcome.received_upstream_bytes, outcome.received_downstream_bytes);
  std::printf("while nobody read: %zu bytes in buffers upstream, %zu downstream; in the end %zu\n",
              outcome.held_upstream_bytes, outcome.held_downstream_bytes, outcome.left_bytes);
  const bool is_right = outcome.received_upstream_bytes == outcome.sent_bytes &&
                        outcome.received_downstream_bytes == outcome.sent_bytes &&
                        is_one_window(outcome.held_upstream_bytes) &&
                        is_one_window(outcome.held_downstream_bytes) && outcome.left_bytes == 0;
  return is_right ? 0 : 1;
}
