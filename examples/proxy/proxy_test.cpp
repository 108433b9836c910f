// examples/proxy/proxy_test.cpp - proxy_test [mebibytes]: bytes through the proxy, both ways.
//
//     client --numbers, in chunks of any size--> proxy --> target       each side checks
//            <--------- other numbers ---------- proxy <--              what it gets
//
// Goal: every byte arrives as it was sent; while one side does not read, the proxy's memory stays
// within the window of that direction, and while neither does, of both, whatever the others would
// like to send; a direction that has nothing left costs one buffer, and in the end nothing.

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
constexpr std::size_t buffer_bytes = 16384;  // that a direction reads into

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
    sent_bytes_ += chunk_.size();
  }
  [[nodiscard]] std::size_t sent_bytes() const { return sent_bytes_; }

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
  std::size_t sent_bytes_ = 0;
};

class Receiver {
 public:
  Receiver(Socket& socket, std::uint64_t seed)
      : socket_(socket), stream_(seed), random_(seed + 1) {}

  /// Returns false at the end, and once a byte came that should not.
  bool receive_some() {
    proxy::error_code error;
    chunk_.resize(1 + random_() % chunk_bytes_max);
    chunk_.resize(socket_.read_some(boost::asio::buffer(chunk_), error));
    expected_.resize(chunk_.size());
    stream_.fill(expected_);
    if (chunk_ != expected_) return false;
    received_bytes_ += chunk_.size();
    return !error;
  }
  void receive_the_rest() {
    while (receive_some()) continue;
  }

  /// How many came as they should.
  [[nodiscard]] std::size_t received_bytes() const { return received_bytes_; }

 private:
  Socket& socket_;
  Stream stream_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> chunk_;
  std::vector<std::uint8_t> expected_;
  std::size_t received_bytes_ = 0;
};

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

// Receives what was sent until now. Returns how much less the proxy's buffers hold then.
std::size_t empty_window(const Sender& sender, Receiver& receiver, Socket& receiving,
                         proxy::asio::io_context& loop, const tarn::BufferPool& pool) {
  const std::size_t before_bytes = pool.stats().used_bytes;
  while (receiver.received_bytes() < sender.sent_bytes()) {
    loop.poll();
    if (receiving.available() != 0 && !receiver.receive_some()) break;
  }
  loop.poll();  // the proxy hears that the last was written
  return before_bytes - pool.stats().used_bytes;
}

struct Outcome {
  std::size_t sent_bytes;
  std::size_t received_upstream_bytes = 0;
  std::size_t received_downstream_bytes = 0;
  std::size_t held_upstream_bytes = 0;
  std::size_t held_downstream_bytes = 0;
  std::size_t kept_bytes = 0;  // while nothing is left upstream, but for what waits downstream
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
  Receiver upstream_end(far_end, up);
  Receiver downstream_end(client, down);
  outcome.held_upstream_bytes = fill_window(upstream, loop, pool);
  outcome.held_downstream_bytes = fill_window(downstream, loop, pool);
  outcome.kept_bytes =
      outcome.held_upstream_bytes - empty_window(upstream, upstream_end, far_end, loop, pool);
  server.stop();
  std::thread client_sends([&] { upstream.send_the_rest(); });
  std::thread target_sends([&] { downstream.send_the_rest(); });
  std::thread client_receives([&] { downstream_end.receive_the_rest(); });
  std::thread target_receives([&] { upstream_end.receive_the_rest(); });
  loop.run();  // until the connection has ended
  for (std::thread* thread : {&client_sends, &target_sends, &client_receives, &target_receives}) {
    thread->join();
  }
  outcome.received_upstream_bytes = upstream_end.received_bytes();
  outcome.received_downstream_bytes = downstream_end.received_bytes();
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
  std::printf("while nobody read: %zu bytes in buffers upstream, %zu downstream\n",
              outcome.held_upstream_bytes, outcome.held_downstream_bytes);
  std::printf("when nothing was left upstream: %zu bytes in buffers; in the end %zu\n",
              outcome.kept_bytes, outcome.left_bytes);
  const bool is_right = outcome.received_upstream_bytes == outcome.sent_bytes &&
                        outcome.received_downstream_bytes == outcome.sent_bytes &&
                        is_one_window(outcome.held_upstream_bytes) &&
                        is_one_window(outcome.held_downstream_bytes) &&
                        outcome.kept_bytes <= 2 * buffer_bytes && outcome.left_bytes == 0;
  return is_right ? 0 : 1;
}
