// examples/http_server/server.cpp - starting, handing over connections, and stopping in order.

#include "examples/http_server/server.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>

namespace http_server {

Server::Server(const Options& options)
    : options_(options),
      workers_(options.thread_count),
      all_ready_(static_cast<std::ptrdiff_t>(options.thread_count) + 1) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(options_.address), options_.port);
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(asio::socket_base::reuse_address(true));
  acceptor_.bind(endpoint);
  acceptor_.listen();
}

void Server::run() {
  std::vector<std::jthread> threads;
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    threads.emplace_back([this, index] { run_worker(index); });
  }
  all_ready_.arrive_and_wait();
  signals_.async_wait([this](error_code error, int) {
    if (!error) stop();
  });
  accept();
  context_.run();
  door_closed_.count_down();
}

void Server::run_worker(std::size_t index) {
  Worker worker(*this, index);
  workers_[index] = &worker;
  all_ready_.arrive_and_wait();
  worker.run();
  door_closed_.wait();
}

// The socket is made for the worker's loop, so that nothing of it has to move later.
void Server::accept() {
  Worker& worker = *workers_[next_worker_];
  next_worker_ = (next_worker_ + 1) % workers_.size();
  acceptor_.async_accept(worker.context(), [this, &worker](error_code error, Socket socket) {
    on_accepted(error, worker, std::move(socket));
  });
}

void Server::on_accepted(error_code error, Worker& worker, Socket socket) {
  if (!acceptor_.is_open()) return;
  if (!error) {
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    asio::post(worker.context(), [&worker, socket = std::move(socket)]() mutable {
      worker.adopt(std::move(socket));
    });
    return accept();
  }
  // Most likely there are no file descriptors left; connections that end will give some back.
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([this](error_code) {
    if (acceptor_.is_open()) accept();
  });
}

void Server::stop() {
  signals_.clear();
  acceptor_.close();
  for (Worker* worker : workers_) {
    asio::post(worker->context(), [worker] { worker->stop(); });
  }
}

void Server::worker_is_idle() {
  asio::post(context_, [this] {
    if (++idle_worker_count_ == workers_.size()) close();
  });
}

void Server::close() {
  for (Worker* worker : workers_) {
    asio::post(worker->context(), [worker] { worker->finish(); });
  }
  open_.reset();
}

// What a round carries from thread to thread lies on the heap, in no region: no region serves two
// threads.
struct Server::Round {
  std::size_t home;
  std::function<void(Statistics)> done;
  Statistics statistics;
};

void Server::collect_statistics(std::size_t home, std::function<void(Statistics)> done) {
  visit(0, std::make_unique<Round>(Round{home, std::move(done), {}}));
}

void Server::visit(std::size_t index, std::unique_ptr<Round> round) {
  const bool all_visited = index == workers_.size();
  asio::io_context& context = workers_[all_visited ? round->home : index]->context();
  asio::post(context, [this, index, all_visited, round = std::move(round)]() mutable {
    if (all_visited) return round->done(std::move(round->statistics));
    round->statistics.push_back(workers_[index]->statistics());
    visit(index + 1, std::move(round));
  });
}

}  // namespace http_server
