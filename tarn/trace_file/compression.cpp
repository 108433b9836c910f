#include "tarn/trace_file/compression.hpp"

#include <zstd.h>

#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"

namespace tarn::trace {
namespace {

constexpr int level = 1;

}  // namespace

Compressor::Compressor() : context_(ZSTD_createCCtx()) {
  if (context_ == nullptr) out_of_memory(sizeof(void*));
}

Compressor::~Compressor() { ZSTD_freeCCtx(context_); }

void Compressor::compress(ByteView plain, Bytes& stored) {
  stored.resize(ZSTD_compressBound(plain.size()));
  const std::size_t count =
      ZSTD_compressCCtx(context_, stored.data(), stored.size(), plain.data(), plain.size(), level);
  TARN_CHECK(ZSTD_isError(count) == 0, "zstd can not pack %zu bytes: %s", plain.size(),
             ZSTD_getErrorName(count));
  stored.resize(count);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {
  if (context_ == nullptr) out_of_memory(sizeof(void*));
}

Decompressor::~Decompressor() { ZSTD_freeDCtx(context_); }

bool Decompressor::decompress(ByteView stored, std::size_t plain_bytes, Bytes& plain) {
  plain.resize(plain_bytes);
  return ZSTD_decompressDCtx(context_, plain.data(), plain.size(), stored.data(), stored.size()) ==
         plain_bytes;
}

}  // namespace tarn::trace
