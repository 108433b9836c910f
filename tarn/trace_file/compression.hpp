// tarn/trace_file/compression.hpp - zstd at its fastest ordinary level, behind two classes.
//
// At level 1 the columns of real programs take 0.4 to 1.9 bytes an operation, and a writer, which
// must not fall behind what it records, packs 38 million a second (trace_file_bench).
//
// Threads:    one at a time.
// Failure:    compress() may throw std::bad_alloc; decompress() returns false for anything that is
//             not exactly one frame of the size that was said.

#pragma once

#include <cstddef>

#include "tarn/trace_file/format.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace tarn::trace {

class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Makes `stored` the packed form of `plain`.
  void compress(ByteView plain, Bytes& stored);

 private:
  ZSTD_CCtx_s* context_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Makes `plain`, of `plain_bytes`, what `stored` unpacks to.
  [[nodiscard]] bool decompress(ByteView stored, std::size_t plain_bytes, Bytes& plain);

 private:
  ZSTD_DCtx_s* context_;
};

}  // namespace tarn::trace
