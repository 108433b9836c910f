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
