/* tarn/c/tarn_ngx_plain.h - the same pools by the plain names of the tutorials on them.
 *
 * Each is the function of tarn/c/tarn_ngx.h with ngx_ before its name; there it is described.
 */

#ifndef TARN_C_TARN_NGX_PLAIN_H
#define TARN_C_TARN_NGX_PLAIN_H

#include "tarn/c/tarn_ngx.h"

static inline ngx_pool_t* create_pool(size_t bytes) { return ngx_create_pool(bytes, NULL); }
static inline void destroy_pool(ngx_pool_t* pool) { ngx_destroy_pool(pool); }
static inline void reset_pool(ngx_pool_t* pool) { ngx_reset_pool(pool); }

static inline void* palloc(ngx_pool_t* pool, size_t bytes) { return ngx_palloc(pool, bytes); }
static inline void* pnalloc(ngx_pool_t* pool, size_t bytes) { return ngx_pnalloc(pool, bytes); }
static inline void* pcalloc(ngx_pool_t* pool, size_t bytes) { return ngx_pcalloc(pool, bytes); }
static inline void* pmemalign(ngx_pool_t* pool, size_t bytes, size_t alignment) {
  return ngx_pmemalign(pool, bytes, alignment);
}
static inline ngx_int_t pfree(ngx_pool_t* pool, void* block) { return ngx_pfree(pool, block); }

static inline ngx_pool_cleanup_t* pool_cleanup_add(ngx_pool_t* pool, size_t data_bytes) {
  return ngx_pool_cleanup_add(pool, data_bytes);
}

#endif
