// examples/http_server/session.cpp - the steps of a connection.

#include "examples/http_server/session.hpp"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "examples/http_server/handlers.hpp"
#include "examples/http_server/statistics.hpp"
#include "examples/http_server/worker.hpp"
#include "tarn/record/marks.h"

namespace http_server {
namespace {

constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

bool expects_continue(const Request& request) {
  return beast::iequals(request[http::field::expect], "100-continue");
}

}  // namespace

void Session::begin(Worker& worker, Socket socket) {
  worker_ = &worker;
  if (!memory_) {
    memory_.emplace(worker.memory().strategy(), tarn::RegionOptions{.name = "connection"});
  }
  memory_->begin_below(worker.memory());
  socket_.emplace(std::move(socket));
  buffer_.emplace(buffer_bytes, buffer_bytes_max, memory_->strategy());
  read_request();
}

void Session::reset() noexcept {
  exchange_.reset();
  buffer_.reset();
  socket_.reset();
  memory_->rest();
}

void Session::read_request() {
  exchange_.emplace(*memory_, *buffer_, worker_->options().body_limit_bytes);
  exchange_->parser.header_limit(worker_->options().header_limit_bytes);
  waits_for_request_ = true;
  wait_at_most(worker_->options().idle_timeout);
  http::async_read_header(*socket_, *buffer_, exchange_->parser, then<&Session::on_header>());
}

void Session::on_header(error_code error) {
  if (error) return read_failed(error);
  if (exchange_->parser.is_done()) return answer();
  wait_at_most(worker_->options().request_timeout);
  if (!expects_continue(exchange_->request())) return read_body({});
  asio::async_write(*socket_, asio::buffer(continue_response), then<&Session::read_body>());
}

void Session::read_body(error_code error) {
  if (error) return read_failed(error);
  http::async_read(*socket_, *buffer_, exchange_->parser, then<&Session::on_body>());
}

void Session::on_body(error_code error) {
  if (error) return read_failed(error);
  answer();
}

void Session::read_failed(error_code error) {
  if (error == asio::error::operation_aborted) {
    if (!request_has_begun()) return linger();
    return reject(http::status::request_timeout, "the request took too long to arrive");
  }
  if (error == http::error::body_limit) {
    return reject(http::status::payload_too_large, "the body is larger than this server takes");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return reject(http::status::request_header_fields_too_large, "the header is too large");
  }
  const bool peer_is_gone = error == http::error::end_of_stream ||
                            error == http::error::partial_message ||
                            error.category() != make_error_code(http::error::bad_method).category();
  if (peer_is_gone) return end();
  reject(http::status::bad_request, "this is not a request of HTTP/1.1");
}

void Session::answer() {
  const tarn::MarkedScope scope("request");  // for who records this server
  waits_for_request_ = false;
  Response& response = exchange_->response;
  response.version(exchange_->request().version());
  response.keep_alive(exchange_->request().keep_alive() && !worker_->stopping());
  if (route(*exchange_) == Routed::to_statistics) return answer_statistics();
  write();
}

// The statistics come from every worker; meanwhile this session waits for nothing else.
void Session::answer_statistics() {
  worker_->collect_statistics([this](Statistics statistics) {
    answer_with(statistics, memory_->strategy(), *exchange_);
    write();
  });
}

void Session::reject(http::status status, std::string_view reason) {
  waits_for_request_ = false;
  exchange_->response.version(11);
  exchange_->response.keep_alive(false);
  exchange_->refuse(status, reason);
  write();
}

void Session::write() {
  complete_fields(*exchange_, worker_->date());
  wait_at_most(worker_->options().request_timeout);
  http::async_write(*socket_, exchange_->response, then<&Session::on_written>());
}

void Session::on_written(error_code error) {
  if (error) return end();
  if (!exchange_->response.keep_alive()) return linger();
  read_request();
}

// Closing a socket with unread bytes makes the kernel throw away what was just written; so say
// that nothing more will come, and read on until the peer has seen it and closes.
void Session::linger() {
  waits_for_request_ = false;
  error_code error;
  socket_->shutdown(Socket::shutdown_send, error);
  if (error) return end();
  wait_at_most(linger_time);
  drain();
}

void Session::drain() {
  buffer_->clear();
  socket_->async_read_some(buffer_->prepare(buffer_bytes), then<&Session::on_drained>());
}

void Session::on_drained(error_code error) {
  if (error) return end();
  drain();
}

void Session::end() { worker_->release(*this); }

// Bytes that the kernel already holds are a request under way.
void Session::stop() {
  error_code error;
  if (waits_for_request_ && !request_has_begun() && socket_->available(error) == 0) {
    socket_->cancel(error);
  }
}

void Session::check_deadline(Clock::time_point now) {
  if (now < deadline_) return;
  wait_at_most(linger_time);
  error_code error;
  if (waits_for_request_) {
    socket_->cancel(error);
  } else {
    socket_->close(error);
  }
}

void Session::wait_at_most(Clock::duration time) { deadline_ = worker_->now() + time; }

bool Session::request_has_begun() const {
  return exchange_->parser.got_some() || buffer_->size() != 0;
}

}  // namespace http_server
