// tarn/source/source_bench.cpp - what a request's chunks cost, by source.
//
// One iteration is one request: chunks of 1, 2, 4 and 8 KiB are acquired, the first byte of each is
// written, and all go back. malloc in the name: no source at all.

#include <array>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "tarn/source/thread_cache.hpp"

namespace tarn {
namespace {

constexpr std::array<std::size_t, 4> request_bytes = {1024, 2048, 4096, 8192};

template <class Acquire, class Release>
void serve(benchmark::State& state, Acquire acquire, Release release) {
  std::array<void*, request_bytes.size()> chunks;
  for ([[maybe_unused]] auto iteration : state) {
    for (std::size_t index = 0; index < chunks.size(); ++index) {
      chunks[index] = acquire(request_bytes[index]);
      *static_cast<volatile char*>(chunks[index]) = 1;
    }
    for (std::size_t index = chunks.size(); index-- > 0;) {
      release(chunks[index], request_bytes[index]);
    }
  }
}

void serve_from(benchmark::State& state, Source& source, std::size_t alignment) {
  serve(
      state, [&](std::size_t bytes) { return source.acquire(bytes, alignment); },
      [&](void* chunk, std::size_t bytes) { source.release(chunk, bytes, alignment); });
}

void request_malloc(benchmark::State& state) {
  serve(
      state, [](std::size_t bytes) { return std::malloc(bytes); },
      [](void* chunk, std::size_t) { std::free(chunk); });
}
BENCHMARK(request_malloc);

void request_heap(benchmark::State& state) {
  serve_from(state, heap_source(), static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(request_heap)->ArgName("alignment")->Arg(16)->Arg(64);

void request_chunk_cache(benchmark::State& state) {
  ChunkCache cache(heap_source());
  serve_from(state, cache, 16);
}
BENCHMARK(request_chunk_cache);

void request_thread_cache(benchmark::State& state) {
  serve_from(state, thread_cached_source(), 16);
}
BENCHMARK(request_thread_cache)->Threads(1)->Threads(2);

void request_fixed(benchmark::State& state) {
  alignas(64) static std::byte buffer[65536];
  FixedSource source(buffer, sizeof buffer);
  serve_from(state, source, 16);
}
BENCHMARK(request_fixed);

void request_mapped(benchmark::State& state) {
  MappedSource source;
  serve_from(state, source, 16);
}
BENCHMARK(request_mapped);

void request_cached_mapped(benchmark::State& state) {
  MappedSource upstream;
  ChunkCache cache(upstream);
  serve_from(state, cache, 16);
}
BENCHMARK(request_cached_mapped);

}  // namespace
}  // namespace tarn
