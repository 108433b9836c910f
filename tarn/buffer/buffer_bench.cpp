// tarn/buffer/buffer_bench.cpp - what each call of buffers and chains costs by itself.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/buffer/buffer_pool.hpp"

namespace {

using tarn::Buffer;
using tarn::BufferChain;
using tarn::BufferPool;
using tarn::LeakDetection;

void touch(void* bytes) {
  *static_cast<volatile char*>(bytes) = 1;
  benchmark::ClobberMemory();
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int bytes : {64, 256, 1024, 8192, 65536}) benchmark->Arg(bytes);
}

// One buffer at a time, as Netty's own benchmark has it.
void allocate_and_release(benchmark::State& state, LeakDetection detection) {
  BufferPool pool({.leak_detection = detection});
  const auto bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    Buffer buffer = pool.allocate(bytes);
    touch(buffer.writable().data());
  }
}
BENCHMARK_CAPTURE(allocate_and_release, watching_none, LeakDetection::off)->Apply(sizes);
BENCHMARK_CAPTURE(allocate_and_release, watching_some, LeakDetection::sampled)->Apply(sizes);

// What the same bytes cost without a header, a count and a watch.
void malloc_and_free(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const block = std::malloc(bytes);
    touch(block);
    std::free(block);
  }
}
BENCHMARK(malloc_and_free)->Apply(sizes);

void share_and_release(benchmark::State& state, bool across_threads) {
  BufferPool pool;
  Buffer buffer = pool.allocate();
  if (across_threads) buffer.share_across_threads();
  for (auto _ : state) {
    Buffer share = buffer.share();
    benchmark::DoNotOptimize(share);
  }
}
BENCHMARK_CAPTURE(share_and_release, of_one_thread, false);
BENCHMARK_CAPTURE(share_and_release, across_threads, true);

// A thousand numbers in and out.
template <typename Bytes>
void numbers(Bytes& bytes) {
  for (std::uint32_t i = 0; i < 1000; ++i) bytes.write_be(i);
  for (std::uint32_t i = 0; i < 1000; ++i)
    benchmark::DoNotOptimize(bytes.template read_be<std::uint32_t>());
}
void numbers_in_a_buffer(benchmark::State& state) {
  BufferPool pool;
  Buffer buffer = pool.allocate(4096);
  for (auto _ : state) numbers(buffer);
  state.SetItemsProcessed(state.iterations() * 2000);
}
BENCHMARK(numbers_in_a_buffer);
void numbers_in_a_chain(benchmark::State& state) {
  BufferPool pool;
  BufferChain chain(pool);
  for (auto _ : state) numbers(chain);
  state.SetItemsProcessed(state.iterations() * 2000);
}
BENCHMARK(numbers_in_a_chain);

// A response of a head and a body that is shared, as far as the vectors for writev().
void response_as_chain(benchmark::State& state) {
  BufferPool pool;
  Buffer body = pool.allocate(10000);
  body.commit(10000);
  for (auto _ : state) {
    BufferChain response(pool);
    response.write("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    response.append(body.share());
    std::array<tarn::IoVec, 4> vectors;
    benchmark::DoNotOptimize(response.iovecs(vectors));
    benchmark::DoNotOptimize(vectors);
  }
}
BENCHMARK(response_as_chain);

// The same by copying both into one string.
void response_as_string(benchmark::State& state) {
  const std::string body(10000, 'x');
  for (auto _ : state) {
    std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n";
    response += body;
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(response_as_string);

}  // namespace
