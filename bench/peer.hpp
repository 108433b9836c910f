// bench/peer.hpp - what a competitor must be able to do.
//
// A peer is one object per lifetime (a request): made, asked for blocks, perhaps reset, destroyed.
// Everything it keeps between lifetimes is static to it. Calls are bound at compile time, so each
// peer is inlined as far as it can be in a real program.
//
// Threads:    one.
// Failure:    a benchmark machine has memory: peers do not check for null.

#pragma once

#include <concepts>
#include <cstddef>

namespace tarn::bench {

template <typename P>
concept Peer = std::default_initializable<P> && requires(P peer, std::size_t bytes) {
  { P::name } -> std::convertible_to<const char*>;
  { peer.allocate(bytes) } -> std::same_as<void*>;
};

/// Can give everything back at once and be used again.
template <typename P>
concept ResettablePeer = Peer<P> && requires(P peer) {
  peer.reset();
};

/// Can serve blocks of `bytes` bytes: a peer with a limit names it.
template <typename P, std::size_t bytes>
concept PeerFor = Peer<P> &&(
    !requires { P::request_bytes_max; } || requires { requires P::request_bytes_max >= bytes; });

/// Can free one large block by itself.
template <typename P>
concept FreeingPeer = Peer<P> && requires(P peer, void* block) {
  peer.deallocate_large(block);
};

}  // namespace tarn::bench
