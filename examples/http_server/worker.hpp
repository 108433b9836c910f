// examples/http_server/worker.hpp - one thread, its event loop, its connections and their memory.
//
//     sessions                                    Worker's region
//     +---------+---------+---------+             +--> the connection's region --> the request's
//     | Session | resting | Session |             +--> ...
//     +---------+---------+---------+
//
// Connections come and go in any order, which is not what a region is for: with --memory=region
// their sessions come from an ObjectPool, which keeps those that ended constructed, each with its
// region, for the next ones; with --memory=malloc they are made and deleted.
//
// Threads:    everything of a worker is made, used and ended by its own thread, so nothing here is
//             locked. Others reach it by asio::post() to context().
// Lifetime:   run() returns when finish() was called and the last session has ended.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include "examples/http_server/memory.hpp"
#include "examples/http_server/options.hpp"
#include "examples/http_server/session.hpp"
#include "examples/http_server/statistics.hpp"
#include "tarn/slab/object_pool.hpp"

namespace http_server {

class Server;

class Worker {
 public:
  Worker(Server& server, std::size_t index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] asio::io_context& context() noexcept { return context_; }
  void run();

  /// Begins to serve a connection.
  void adopt(Socket socket);
  /// Ends the sessions that idle, finishes the requests under way, and tells the server when no
  /// session is left.
  void stop();
  /// Lets run() return.
  void finish();

  [[nodiscard]] WorkerStatistics statistics() const;

  // What a session needs of its worker.
  void release(Session& session);
  void collect_statistics(std::function<void(Statistics)> done);
  [[nodiscard]] const Options& options() const noexcept;
  [[nodiscard]] Memory& memory() noexcept { return memory_; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  /// The time at the last turn of the clock, a fraction of the shortest timeout ago.
  [[nodiscard]] Clock::time_point now() const noexcept { return now_; }
  /// The same as HTTP's Date.
  [[nodiscard]] std::string_view date() const noexcept { return date_; }

 private:
  void turn_clock();
  [[nodiscard]] Clock::duration clock_step() const;
  [[nodiscard]] bool keeps_sessions() const { return memory_.strategy() == Strategy::region; }

  Server& server_;
  std::size_t index_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> open_{context_.get_executor()};
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>
      clock_{context_};
  Clock::time_point now_{};
  std::string date_;
  bool stopping_ = false;
  std::uint64_t connection_count_ = 0;
  Memory memory_;
  tarn::ObjectPool<Session, tarn::ResetByMember> kept_sessions_{{.name = "sessions"}};
  boost::intrusive::list<Session> sessions_;
};

}  // namespace http_server
