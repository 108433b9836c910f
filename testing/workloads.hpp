// testing/workloads.hpp - the seeds of pool testing, as programs for tests and benchmarks.
//
// Sizes are drawn when the program is made, not when it runs, and are the same for every run with
// the same seed.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/trace/operation.hpp"

namespace tarn {

/// A pool per request: 50 header fields of 32 to 127 bytes, a body of 1 to 9 KiB, 20 parts of the
/// response of 64 to 319 bytes.
[[nodiscard]] trace::Program request_workload(std::size_t request_count, std::uint64_t seed);

/// Pool after pool, each with `block_count` blocks of `bytes_min` to `bytes_max` bytes.
[[nodiscard]] trace::Program lifetimes_workload(std::size_t pool_count, std::size_t block_count,
                                                std::uint64_t bytes_min, std::uint64_t bytes_max,
                                                std::uint64_t seed);

/// One pool with `block_count` blocks of `bytes` bytes, which are then freed in random order.
[[nodiscard]] trace::Program freeing_workload(std::size_t block_count, std::uint64_t bytes,
                                              std::uint64_t seed);

/// One long-lived pool: small blocks of 16 to 256 bytes that wait for its end, and large ones of
/// 32 to 64 KiB of which 16 are alive and a random one is freed for each that comes.
[[nodiscard]] trace::Program mixed_workload(std::size_t step_count, std::uint64_t seed);

/// One pool in which `live_count` blocks of `bytes_min` to `bytes_max` bytes are alive; then, for
/// each of `step_count` steps, a random one is freed and another comes.
[[nodiscard]] trace::Program live_set_workload(std::size_t live_count, std::size_t step_count,
                                               std::uint64_t bytes_min, std::uint64_t bytes_max,
                                               std::uint64_t seed);

/// As live_set_workload(), of buffers as a web-socket proxy asks for them, nearly nine in ten below
/// 1 KiB. Of a hundred, 30 are pings and headers of frames, of 9 to 64 bytes; 40 chat messages, to
/// 512; 18 updates, to 1 KiB; 8 requests that open a socket, to 4 KiB; 3 documents, to 16 KiB; one
/// is a full TLS record and what is read with it, to 18 KiB.
[[nodiscard]] trace::Program buffers_workload(std::size_t live_count, std::size_t step_count,
                                              std::uint64_t seed);

/// The same buffers, of which `live_min` are alive at first, then evenly more until half of the
/// steps are done, `live_max`, and at the end `live_min` again. A step frees a random one, asks for
/// another, or both. Requires: steps enough, `step_count` >= 2 * (`live_max` - `live_min`).
[[nodiscard]] trace::Program tide_workload(std::size_t live_min, std::size_t live_max,
                                           std::size_t step_count, std::uint64_t seed);

/// One array that grows by one element of `element_bytes` bytes at a time, in place.
[[nodiscard]] trace::Program growing_workload(std::size_t element_count,
                                              std::uint64_t element_bytes);

}  // namespace tarn
