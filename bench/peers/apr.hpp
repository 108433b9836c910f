// bench/peers/apr.hpp - APR pools as a threaded server uses them: each request a child of a pool
// with an allocator of its own that needs no lock and keeps what is freed.

#pragma once

#include <apr_allocator.h>
#include <apr_general.h>
#include <apr_pools.h>

#include "bench/peer.hpp"

namespace tarn::bench {

class Apr {
 public:
  static constexpr const char* name = "APR";

  Apr() { apr_pool_create(&pool_, root()); }
  Apr(const Apr&) = delete;
  Apr& operator=(const Apr&) = delete;
  ~Apr() { apr_pool_destroy(pool_); }

  void* allocate(std::size_t bytes) { return apr_palloc(pool_, bytes); }
  void reset() { apr_pool_clear(pool_); }

 private:
  static apr_pool_t* root() {
    static apr_pool_t* const pool = make_root();
    return pool;
  }

  static apr_pool_t* make_root() {
    apr_allocator_t* allocator = nullptr;
    apr_pool_t* pool = nullptr;
    apr_initialize();
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, nullptr, nullptr, allocator);
    return pool;
  }

  apr_pool_t* pool_ = nullptr;
};

static_assert(ResettablePeer<Apr>);

}  // namespace tarn::bench
