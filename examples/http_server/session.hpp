// examples/http_server/session.hpp - one connection: reads requests and writes responses in turn.
//
//     read header -> read body -> answer -> write -+-> linger -> end
//          ^                                       |
//          +------------- keep-alive --------------+
//
// The session embeds its connection's memory, as a context object embeds a pool, and one Exchange
// at a time, whose memory is a child of it:
//
//     Session
//     +--------+--------+--------+----------+
//     | memory | socket | buffer | exchange |
//     +--------+--------+--------+----------+
//         |                 |         +--> the request's region: the messages, and the operations
//         |                 |              that wait for the socket
//         |                 +--> the process's buffers: the bytes read and not yet parsed
//         +--> the connection's region
//
// Whatever a request leaves behind ends with it, so a connection kept alive for days does not grow.
// A session that is kept constructed rests between connections: its region is in no tree then.
//
// Threads:    its worker's.
// Lifetime:   begin() to Worker::release(), which it calls itself when no operation waits, and
//             again.

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include "examples/http_server/exchange.hpp"
#include "examples/http_server/memory.hpp"
#include "examples/http_server/read_buffer.hpp"

namespace http_server {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

class Worker;

class Session : public boost::intrusive::list_base_hook<> {
 public:
  /// Begins to serve a connection. Requires: it serves none.
  void begin(Worker& worker, Socket socket);

  /// Ends the connection and prepares for the next one.
  void reset() noexcept;

  /// Ends the session if it waits for a request that has not begun; one under way is finished.
  void stop();

  /// Gives up waiting if the deadline lies before `now`.
  void check_deadline(Clock::time_point now);

 private:
  // With the header before it, the read buffer just fits three quarters of a page of the pool.
  static constexpr std::size_t buffer_bytes = 6144 - sizeof(tarn::detail::BufferBlock);
  static constexpr std::size_t buffer_bytes_max = 1 << 17;
  static constexpr std::chrono::seconds linger_time{1};

  void read_request();
  void on_header(error_code error);
  void read_body(error_code error);
  void on_body(error_code error);
  void read_failed(error_code error);
  void answer();
  void answer_statistics();
  void reject(http::status status, std::string_view reason);
  void write();
  void on_written(error_code error);
  void linger();
  void drain();
  void on_drained(error_code error);
  void end();

  void wait_at_most(Clock::duration time);
  [[nodiscard]] bool request_has_begun() const;

  // The handler of an operation: calls `next`, and has the operation kept in the request's memory.
  // Asio gives that back before it calls, so `next` may end the request.
  template <void (Session::*next)(error_code)>
  [[nodiscard]] auto then() {
    return asio::bind_allocator(exchange_->memory.handlers(),
                                [this](error_code error, std::size_t) { (this->*next)(error); });
  }

  Worker* worker_ = nullptr;
  std::optional<Memory> memory_;  // made by the first connection, and kept
  std::optional<Socket> socket_;
  std::optional<ReadBuffer> buffer_;
  std::optional<Exchange> exchange_;
  Clock::time_point deadline_{};
  bool waits_for_request_ = false;
};

}  // namespace http_server
