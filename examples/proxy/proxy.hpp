// examples/proxy/proxy.hpp - a TCP proxy: each client gets a connection to one and the same target.
//
//     client <--socket--> | pipe --> | <--socket--> target
//                         | <-- pipe |
//
// Threads:    the event loop's, one.
// Lifetime:   a connection lives while an operation waits for one of its sockets.

#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "examples/proxy/pipe.hpp"
#include "tarn/buffer/buffer_pool.hpp"

namespace proxy {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket client, tarn::BufferPool& pool);

  /// Connects to the target, then moves bytes until both sides have ended.
  void start(const asio::ip::tcp::endpoint& target);

  /// Ends it at once.
  void close();

 private:
  Socket client_;
  Socket target_;
  Pipe upstream_;
  Pipe downstream_;
};

class Proxy {
 public:
  /// Listens at `port` of this machine, 0 for any that is free; throws where it can not.
  Proxy(asio::io_context& context, unsigned short port, asio::ip::tcp::endpoint target,
        tarn::BufferPool& pool);

  [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

  /// Takes no more clients: the loop ends when the connections have.
  void stop();

 private:
  void accept();

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::endpoint target_;
  tarn::BufferPool& pool_;
};

}  // namespace proxy
