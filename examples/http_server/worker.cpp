// examples/http_server/worker.cpp - the life of a thread's connections, and its clock.

#include "examples/http_server/worker.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "examples/http_server/malloc_counter.hpp"
#include "examples/http_server/server.hpp"

namespace http_server {
namespace {

// As RFC 9110 wants it: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(),
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

Worker::Worker(Server& server, std::size_t index)
    : server_(server), index_(index), memory_(server.options().memory, {.name = "worker"}) {}

Worker::~Worker() = default;

void Worker::run() {
  turn_clock();
  context_.run();
}

void Worker::adopt(Socket socket) {
  ++connection_count_;
  Session* const session = keeps_sessions() ? kept_sessions_.make().release() : new Session;
  sessions_.push_back(*session);
  session->begin(*this, std::move(socket));
}

void Worker::release(Session& session) {
  sessions_.erase(sessions_.iterator_to(session));
  if (keeps_sessions()) {
    kept_sessions_.give_back(&session);
  } else {
    delete &session;
  }
  if (stopping_ && sessions_.empty()) server_.worker_is_idle();
}

void Worker::stop() {
  stopping_ = true;
  for (Session& session : sessions_) session.stop();
  if (sessions_.empty()) server_.worker_is_idle();
}

void Worker::finish() {
  open_.reset();
  clock_.cancel();
}

// One timer looks after all connections: cheaper than one each, and late by one step at most.
void Worker::turn_clock() {
  now_ = Clock::now();
  date_ = http_date();
  for (Session& session : sessions_) session.check_deadline(now_);
  clock_.expires_after(clock_step());
  clock_.async_wait([this](error_code error) {
    if (!error) turn_clock();
  });
}

Clock::duration Worker::clock_step() const {
  constexpr std::chrono::milliseconds longest{250};
  constexpr std::chrono::milliseconds shortest{5};
  const auto timeout = std::min(options().idle_timeout, options().request_timeout);
  return std::clamp(timeout / 4, shortest, longest);
}

void Worker::collect_statistics(std::function<void(Statistics)> done) {
  server_.collect_statistics(index_, std::move(done));
}

const Options& Worker::options() const noexcept { return server_.options(); }

WorkerStatistics Worker::statistics() const {
  return {connection_count_, malloc_calls_of_this_thread(), pool_tree(memory_.region()),
          pool_of_sessions(kept_sessions_.stats())};
}

}  // namespace http_server
