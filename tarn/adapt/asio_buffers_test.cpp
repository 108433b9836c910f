// Goal: buffers and chains are what Asio 1.81 and Beast take for buffer sequences, and carry bytes
// through real sockets without a copy. Left out where Boost is not there or exceptions are off, and
// under ThreadSanitizer, which does not model Asio's fences.

#if __has_include(<boost/beast/core.hpp>) && defined(__cpp_exceptions) && \
    !defined(__SANITIZE_THREAD__)

#include "tarn/adapt/asio_buffers.hpp"

#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/detail/type_traits.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <gtest/gtest.h>

#include "tarn/buffer/buffer_pool.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;

static_assert(asio::is_const_buffer_sequence<AsioBytes>::value);
static_assert(asio::is_mutable_buffer_sequence<AsioRoom>::value);
static_assert(!asio::is_mutable_buffer_sequence<AsioBytes>::value);
static_assert(asio::is_dynamic_buffer_v1<AsioDynamicBuffer<BufferChain>>::value);
static_assert(asio::is_dynamic_buffer_v1<AsioDynamicBuffer<Buffer>>::value);
static_assert(beast::is_const_buffer_sequence<AsioBytes>::value);

class AsioBuffers : public testing::Test {
 protected:
  AsioBuffers() { asio::local::connect_pair(near_, far_); }

  [[nodiscard]] Buffer part(std::string_view text) {
    Buffer buffer = pool_.allocate(text.size());
    buffer.write(text);
    return buffer;
  }

  BufferPool pool_;
  asio::io_context context_;
  Socket near_{context_};
  Socket far_{context_};
};

TEST_F(AsioBuffers, AChainIsOneWrite) {
  BufferChain chain(pool_);
  chain.append(part("head, "));
  chain.append(part("body, "));
  chain.append(part("tail"));
  EXPECT_EQ(asio::buffer_size(asio_bytes(chain)), 16u);
  EXPECT_EQ(beast::buffers_to_string(asio_bytes(chain)), "head, body, tail");
  EXPECT_EQ(near_.write_some(asio_bytes(chain)), 16u);
  Buffer received = pool_.allocate();
  received.commit(far_.read_some(asio_room(received, 100)));
  EXPECT_EQ(received.text(), "head, body, tail");
}

TEST_F(AsioBuffers, AReadFillsTheLastPartAndANewOne) {
  BufferChain chain(pool_, {.part_bytes = 10});
  chain.write("0123456");
  asio::write(near_, asio::buffer("abcdefgh", 8));
  const AsioRoom room = asio_room(chain, 8);
  EXPECT_EQ(room.end() - room.begin(), 2);
  chain.commit(far_.read_some(room));
  EXPECT_EQ(chain.parts().size(), 2u);
  EXPECT_EQ(beast::buffers_to_string(asio_bytes(chain)), "0123456abcdefgh");
}

TEST_F(AsioBuffers, ReadUntilFindsAcrossParts) {
  BufferChain chain(pool_, {.part_bytes = 3});
  asio::write(near_, asio::buffer("GET / HTTP/1.1\r\n\r\nrest", 22));
  EXPECT_EQ(asio::read_until(far_, AsioDynamicBuffer(chain), "\r\n\r\n"), 18u);
  EXPECT_EQ(chain.find("\r\n\r\n"), 14u);
}

TEST_F(AsioBuffers, ABoundIsBeastsBufferOverflow) {
  BufferChain chain(pool_, {.part_bytes = 16, .bytes_max = 32});
  asio::write(near_, asio::buffer("GET / HTTP/1.1\r\nHost: " + std::string(100, 'x')));
  http::request_parser<http::string_body> parser;
  AsioDynamicBuffer buffer(chain);
  beast::error_code error;
  http::read(far_, buffer, parser, error);
  EXPECT_EQ(error, http::error::buffer_overflow);
  EXPECT_LE(chain.readable_bytes(), 32u);
}

template <typename Bytes>
void expect_reads_messages(Socket& from, Bytes& bytes, int count) {
  AsioDynamicBuffer buffer(bytes);
  for (int i = 0; i < count; ++i) {
    http::request<http::string_body> request;
    http::read(from, buffer, request);
    ASSERT_EQ(request.body(), std::string(static_cast<std::size_t>(i) * 37, 'x'));
  }
  EXPECT_EQ(bytes.readable_bytes(), 0u);
}

TEST_F(AsioBuffers, BeastReadsPipelinedMessagesFromEither) {
  constexpr int count = 200;
  const auto send = [&] {
    for (int i = 0; i < count; ++i) {
      http::request<http::string_body> request(http::verb::post, "/", 11);
      request.body() = std::string(static_cast<std::size_t>(i) * 37, 'x');
      request.prepare_payload();
      http::write(near_, request);
    }
  };
  std::thread first(send);
  BufferChain chain(pool_, {.part_bytes = 1000});
  expect_reads_messages(far_, chain, count);
  first.join();
  std::thread second(send);
  Buffer buffer = pool_.allocate();
  expect_reads_messages(far_, buffer, count);
  second.join();
}

// Megabytes in chunks of any size, each way through the pool.
TEST_F(AsioBuffers, BytesArriveAsTheyWereSent) {
  constexpr std::size_t total_bytes = std::size_t{8} << 20;
  const std::uint64_t seed = test_seed();
  TARN_SEED_TRACE(seed);
  std::thread writer([&] {
    std::mt19937_64 random(seed);
    BufferChain chain(pool_);
    for (std::uint64_t number = 0; number < total_bytes / 8;) {
      for (std::size_t i = random() % 1000; i-- > 0 && number < total_bytes / 8;) {
        chain.write_le(number++);
      }
      const std::size_t bytes = chain.readable_bytes();
      asio::write(near_, asio_bytes(chain.split(random() % (bytes + 1))));
    }
    asio::write(near_, asio_bytes(chain));
  });
  std::mt19937_64 random(seed + 1);
  BufferChain chain(pool_);
  for (std::uint64_t number = 0; number < total_bytes / 8;) {
    chain.commit(far_.read_some(asio_room(chain, 1 + random() % 20000)));
    while (const auto found = chain.try_read_le<std::uint64_t>()) ASSERT_EQ(*found, number++);
  }
  writer.join();
}

}  // namespace
}  // namespace tarn

#endif
