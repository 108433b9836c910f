// bench/peers/nginx.hpp - the real nginx pool, compiled by scripts/nginx_pool.
//
// nginx's own headers are C that C++ can not read; these are the few functions used.

#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/peer.hpp"

extern "C" {
struct ngx_pool_s;
ngx_pool_s* ngx_create_pool(std::size_t bytes, void* log);
void ngx_destroy_pool(ngx_pool_s* pool);
void ngx_reset_pool(ngx_pool_s* pool);
void* ngx_palloc(ngx_pool_s* pool, std::size_t bytes);
std::intptr_t ngx_pfree(ngx_pool_s* pool, void* block);
}

namespace tarn::bench {

template <std::size_t pool_bytes>
class Nginx {
 public:
  static constexpr const char* name = pool_bytes == 4096 ? "nginx 4K" : "nginx 16K";

  Nginx() = default;
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() { ngx_destroy_pool(pool_); }

  void* allocate(std::size_t bytes) { return ngx_palloc(pool_, bytes); }
  void reset() { ngx_reset_pool(pool_); }
  void deallocate_large(void* block) { ngx_pfree(pool_, block); }

 private:
  ngx_pool_s* pool_ = ngx_create_pool(pool_bytes, nullptr);
};

static_assert(ResettablePeer<Nginx<4096>> && FreeingPeer<Nginx<4096>>);

}  // namespace tarn::bench
