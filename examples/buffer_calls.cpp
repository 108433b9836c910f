// examples/buffer_calls.cpp - what does each call of a buffer do?

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/buffer/hex_dump.hpp"

namespace {

int wrong_count = 0;

void expect(bool is_right, const char* what) {
  std::printf("%s %s\n", is_right ? "    " : "NOT ", what);
  wrong_count += !is_right;
}

void numbers(tarn::BufferPool& pool) {
  tarn::Buffer buffer = pool.allocate();
  buffer.write_be<std::uint16_t>(7);
  buffer.write_le<std::uint32_t, 3>(0x010203);
  buffer.write_be(2.5);
  buffer.set_be<std::uint16_t>(0, 8);
  expect(buffer.get_le<std::uint8_t>(2) == 3, "get and set count from the first readable byte");
  expect(buffer.read_be<std::uint16_t>() == 8, "numbers of two bytes, the highest first");
  expect(buffer.read_le<std::uint32_t, 3>() == 0x010203, "of three, the lowest first");
  expect(buffer.try_read_be<double>() == 2.5, "floating point");
  expect(!buffer.try_read_be<double>(), "try_ returns nothing when there is not enough");
  try {
    buffer.read_be<std::uint16_t>();
  } catch (const std::out_of_range& error) {
    expect(std::strcmp(error.what(),
                       "read_be: 2 bytes at index 0, but only 0 bytes are readable") == 0,
           error.what());
  }
}

void places(tarn::BufferPool& pool) {
  tarn::Buffer buffer = pool.allocate(16);
  std::memcpy(buffer.prepare(10).data(), "0123456789", 10);
  buffer.commit(10);
  expect(buffer.text() == "0123456789", "prepare() and commit(), as a read() into it does");
  buffer.consume(4);
  buffer.unread(1);
  expect(buffer.text() == "3456789", "what was read can be taken back");
  buffer.truncate(3);
  expect(buffer.find("5") == 2, "find() returns an index");
  buffer.discard_read();
  expect(buffer.reader_index() == 0 && buffer.writable_bytes() == 13, "discard_read() makes room");
  buffer.write(std::string(100, 'x'));
  expect(buffer.readable_bytes() == 103, "writing grows the buffer");
}

void sharing(tarn::BufferPool& pool) {
  tarn::Buffer buffer = pool.allocate();
  buffer.write("head body");
  tarn::Buffer body = buffer.slice(5, 4);
  const tarn::Buffer copy = body.copy();
  buffer.release();
  expect(body.text() == "body" && !body.is_shared(), "a slice outlives the buffer it is of");
  body.mutable_bytes()[0] = std::byte{'B'};
  expect(copy.text() == "body", "a copy has bytes of its own");
  std::printf("%s", tarn::hex_dump(body.bytes()).c_str());
}

}  // namespace

int main() {
  tarn::BufferPool pool;
  numbers(pool);
  places(pool);
  sharing(pool);
  return wrong_count;
}
