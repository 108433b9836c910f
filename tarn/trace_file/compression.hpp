// tarn/trace_file/compression.hpp - zstd at its fastest ordinary level, behind two classes.
//
// Level 1 packs the columns of a real program to 1 or 2 bytes an operation at some 20 ns each;
// level 3 saves 3 % and takes twice as long.
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
