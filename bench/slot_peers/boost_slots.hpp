// bench/slot_peers/boost_slots.hpp - Boost.Pool: pool, and object_pool, whose free keeps its list
// in the order of addresses and searches it.

#pragma once

#include <boost/pool/object_pool.hpp>
#include <boost/pool/pool.hpp>

#include "bench/slot_peers/slot_peer.hpp"

namespace tarn::bench {

template <std::size_t bytes>
class BoostPool {
 public:
  static constexpr const char* name = "boost pool";
  static constexpr bool is_shared = false;

  void* allocate() { return pool_.malloc(); }
  void deallocate(void* block) { pool_.free(block); }

 private:
  boost::pool<> pool_{bytes};
};

template <std::size_t bytes>
class BoostObjectPool {
 public:
  static constexpr const char* name = "object_pool";
  static constexpr bool is_shared = false;

  void* allocate() { return pool_.malloc(); }
  void deallocate(void* block) { pool_.free(static_cast<Block*>(block)); }

 private:
  struct Block {
    char filling[bytes];
  };
  boost::object_pool<Block> pool_;
};

static_assert(SlotPeer<BoostPool<48>> && SlotPeer<BoostObjectPool<48>>);

}  // namespace tarn::bench
