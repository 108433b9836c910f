#include "tarn/trace_file/compression.hpp"

#include <zstd.h>

#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"

namespace tarn::trace {
namespace {

constexpr int level = 1;
// The table in which repetitions are looked up: 16 KiB, which stay in the first cache. With the 64
// KiB that the level has, packing what is recorded of Python takes a sixth longer, and what comes
// out is as long; of cc1plus, with 166 000 stacks, it is a fiftieth shorter.
constexpr int table_size_log = 12;

void check(std::size_t result, std::size_t bytes) {
  TARN_CHECK(ZSTD_isError(result) == 0, "zstd can not pack %zu bytes: %s", bytes,
             ZSTD_getErrorName(result));
}

}  // namespace

Compressor::Compressor() : context_(ZSTD_createCCtx()) {
  if (context_ == nullptr) out_of_memory(sizeof(void*));
  check(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level), 0);
  check(ZSTD_CCtx_setParameter(context_, ZSTD_c_hashLog, table_size_log), 0);
}

Compressor::~Compressor() { ZSTD_freeCCtx(context_); }

void Compressor::compress(ByteView plain, Bytes& stored) {
  stored.resize(ZSTD_compressBound(plain.size()));
  const std::size_t count =
      ZSTD_compress2(context_, stored.data(), stored.size(), plain.data(), plain.size());
  check(count, plain.size());
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
