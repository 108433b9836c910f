// bench/arena_peers/arena_peer.hpp - what a competitor for blocks of any size must be able to do.
//
// One object serves a whole run, and several threads at once. Calls are bound at compile time.
//
// Threads:    any.
// Failure:    a benchmark machine has memory: peers do not check for null.

#pragma once

#include <concepts>
#include <cstddef>

namespace tarn::bench {

template <typename P>
concept ArenaPeer = std::default_initializable<P> &&
    requires(P peer, std::size_t bytes, void* block) {
  { P::name } -> std::convertible_to<const char*>;
  { peer.allocate(bytes) } -> std::same_as<void*>;
  // Null is nothing.
  peer.deallocate(block);
  // What it took from the system; 0 if it does not say.
  { peer.reserved_bytes() } -> std::same_as<std::size_t>;
};

}  // namespace tarn::bench
