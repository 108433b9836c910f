#include "examples/proxy/proxy.hpp"

#include <utility>

namespace proxy {

Connection::Connection(Socket client, tarn::BufferPool& pool)
    : client_(std::move(client)),
      target_(client_.get_executor()),
      upstream_(client_, target_, pool),
      downstream_(target_, client_, pool) {}

void Connection::start(const asio::ip::tcp::endpoint& target) {
  target_.async_connect(target, [self = shared_from_this()](error_code error) {
    if (error) return self->close();
    self->upstream_.read(self);
    self->downstream_.read(self);
  });
}

void Connection::close() {
  error_code ignored;
  client_.close(ignored);
  target_.close(ignored);
}

Proxy::Proxy(asio::io_context& context, unsigned short port, asio::ip::tcp::endpoint target,
             tarn::BufferPool& pool)
    : acceptor_(context, {asio::ip::address_v4::loopback(), port}),
      target_(std::move(target)),
      pool_(pool) {
  accept();
}

void Proxy::stop() {
  error_code ignored;
  acceptor_.close(ignored);
}

void Proxy::accept() {
  acceptor_.async_accept([this](error_code error, Socket client) {
    if (!acceptor_.is_open()) return;
    if (!error) std::make_shared<Connection>(std::move(client), pool_)->start(target_);
    accept();
  });
}

}  // namespace proxy
