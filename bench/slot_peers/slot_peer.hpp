// bench/slot_peers/slot_peer.hpp - what a competitor for blocks of one size must be able to do.
//
// A peer is a template over the size. One object serves a whole run; those that name themselves
// `is_shared` serve several threads at once. Calls are bound at compile time.
//
// Threads:    one, or as many as there are with `is_shared`.
// Failure:    a benchmark machine has memory: peers do not check for null.

#pragma once

#include <concepts>
#include <cstddef>

namespace tarn::bench {

template <typename P>
concept SlotPeer = std::default_initializable<P> && requires(P peer, void* block) {
  { P::name } -> std::convertible_to<const char*>;
  { P::is_shared } -> std::convertible_to<bool>;
  { peer.allocate() } -> std::same_as<void*>;
  peer.deallocate(block);
};

}  // namespace tarn::bench
