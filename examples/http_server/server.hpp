// examples/http_server/server.hpp - the door, which accepts and hears signals, and the workers.
//
//     main thread:  door --connection 0, N, 2N--> Worker 0: its own thread, loop and memory
//                        --connection 1, ...----> Worker 1: ...
//
// The process is the root of the pool tree; it has one tree per worker and no region of its own,
// because a region serves one thread.
//
// Threads:    a Server belongs to the main thread; the functions marked so may be called by any.
// Lifetime:   a worker outlives every message posted to it: no worker leaves before all are idle,
//             nor ends before the door has closed.

#pragma once

#include <functional>
#include <latch>
#include <memory>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "examples/http_server/options.hpp"
#include "examples/http_server/statistics.hpp"
#include "examples/http_server/worker.hpp"

namespace http_server {

class Server {
 public:
  /// Listens. Throws boost::system::system_error when the address is not to be had.
  explicit Server(const Options& options);

  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// Serves until SIGTERM or SIGINT, and then until the requests under way are answered. A second
  /// signal ends the program at once.
  void run();

  /// Any thread: one more worker has stopped and has no session left.
  void worker_is_idle();

  /// Any thread: asks one worker after the other, and calls `done` on the thread of worker `home`.
  void collect_statistics(std::size_t home, std::function<void(Statistics)> done);

 private:
  struct Round;

  void run_worker(std::size_t index);
  void accept();
  void on_accepted(error_code error, Worker& worker, Socket socket);
  void stop();
  void close();
  void visit(std::size_t index, std::unique_ptr<Round> round);

  Options options_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> open_{context_.get_executor()};
  asio::signal_set signals_{context_, SIGTERM, SIGINT};
  asio::ip::tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  std::vector<Worker*> workers_;
  std::size_t next_worker_ = 0;
  std::size_t idle_worker_count_ = 0;
  std::latch all_ready_;
  std::latch door_closed_{1};
};

}  // namespace http_server
