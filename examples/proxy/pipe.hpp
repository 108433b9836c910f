// examples/proxy/pipe.hpp - one direction of a connection: what one socket sends, the other gets.
//
//     from --read--> incoming: a buffer, filled piece by piece
//                       | each piece is a slice of it: no byte is copied
//                       v
//                    queue --when nothing is being written--> writing --writev--> to
//
// A buffer goes back to the pool when its last slice has been written. Reading pauses while pieces
// and their handles take `window_bytes`: what a slow receiver costs is bounded, whether the sender
// sends megabytes or byte by byte, and the sender feels it. The handles are in two arrays, which
// double, and go back when nothing is left.
//
// Threads:    the event loop's.
// Lifetime:   of its connection, which every operation that waits keeps alive.

#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/buffer/buffer_pool.hpp"

namespace proxy {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

class Connection;

class Pipe {
 public:
  /// How many bytes of a buffer are left when the next one begins.
  static constexpr std::size_t read_bytes_min = 2048;
  static constexpr std::size_t window_bytes = std::size_t{256} << 10;

  Pipe(Socket& from, Socket& to, tarn::BufferPool& pool) noexcept
      : from_(from), to_(to), pool_(pool), queue_(pool), writing_(pool) {}

  /// Goes on reading, if it does not and may.
  void read(const std::shared_ptr<Connection>& connection);

 private:
  void on_read(const std::shared_ptr<Connection>& connection, error_code error, std::size_t bytes);
  void write(const std::shared_ptr<Connection>& connection);
  void on_written(const std::shared_ptr<Connection>& connection, error_code error,
                  std::size_t bytes);
  [[nodiscard]] std::size_t waiting_bytes() const noexcept {
    const std::size_t piece_count = queue_.parts().size() + writing_.parts().size();
    return queue_.readable_bytes() + writing_.readable_bytes() + piece_count * sizeof(tarn::Buffer);
  }

  Socket& from_;
  Socket& to_;
  tarn::BufferPool& pool_;
  tarn::Buffer incoming_;
  tarn::BufferChain queue_;
  tarn::BufferChain writing_;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_ended_ = false;
};

}  // namespace proxy
