// tarn/c/ngx_names.hpp - the two names of each function of tarn_ngx.h.
//
//     ngx_palloc           weak: nginx's own definition, where there is one, stays what it is
//     __wrap_ngx_palloc    what the linker calls instead, told --wrap=ngx_palloc
//
// Both are tarn_ngx_palloc, at one address: nginx recognises a cleanup by its handler.

#pragma once

#include "tarn/c/tarn_ngx.h"

#define TARN_NGX_NAMES(function)                                                                   \
  extern "C" [[gnu::alias("tarn_ngx_" #function)]] decltype(ngx_##function) __wrap_ngx_##function; \
  extern "C"                                                                                       \
      [[gnu::weak, gnu::alias("tarn_ngx_" #function)]] decltype(ngx_##function) ngx_##function
