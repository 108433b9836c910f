#include "examples/proxy/pipe.hpp"

#include <utility>

#include <boost/asio/error.hpp>

#include "examples/proxy/proxy.hpp"
#include "tarn/adapt/asio_buffers.hpp"

namespace proxy {
namespace {

// With the header before it, this just fills 16 KiB.
constexpr std::size_t buffer_bytes = 16384 - sizeof(tarn::detail::BufferBlock);

}  // namespace

void Pipe::read(const std::shared_ptr<Connection>& connection) {
  if (is_reading_ || is_ended_ || waiting_bytes() >= window_bytes) return;
  if (incoming_.writable_bytes() < read_bytes_min) incoming_ = pool_.try_allocate(buffer_bytes);
  if (!incoming_) return connection->close();
  is_reading_ = true;
  from_.async_read_some(tarn::asio_room(incoming_, incoming_.writable_bytes()),
                        [this, connection](error_code error, std::size_t bytes) {
                          on_read(connection, error, bytes);
                        });
}

void Pipe::on_read(const std::shared_ptr<Connection>& connection, error_code error,
                   std::size_t bytes) {
  is_reading_ = false;
  if (error && error != asio::error::eof) return connection->close();
  incoming_.commit(bytes);
  if (!queue_.try_append(incoming_.read_slice(bytes))) return connection->close();
  if (error) {
    is_ended_ = true;
    incoming_.release();
  }
  write(connection);
  read(connection);
}

void Pipe::write(const std::shared_ptr<Connection>& connection) {
  if (is_writing_) return;
  if (writing_.is_empty()) writing_.swap(queue_);
  if (writing_.is_empty()) {
    // Their arrays go back: each may be a window.
    queue_ = tarn::BufferChain(pool_);
    writing_ = tarn::BufferChain(pool_);
    error_code ignored;
    if (is_ended_) to_.shutdown(Socket::shutdown_send, ignored);
    return;
  }
  is_writing_ = true;
  to_.async_write_some(tarn::asio_bytes(writing_),
                       [this, connection](error_code error, std::size_t bytes) {
                         on_written(connection, error, bytes);
                       });
}

void Pipe::on_written(const std::shared_ptr<Connection>& connection, error_code error,
                      std::size_t bytes) {
  is_writing_ = false;
  if (error) return connection->close();
  writing_.consume(bytes);
  write(connection);
  read(connection);
}

}  // namespace proxy
