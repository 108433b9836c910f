// bench/peers/protobuf.hpp - google::protobuf::Arena with its default options, and with a first
// block of its own. Bytes are asked for as an array of char, its public way.

#pragma once

#include <google/protobuf/arena.h>

#include "bench/peer.hpp"

namespace tarn::bench {

template <std::size_t buffer_bytes>
class Protobuf {
 public:
  static constexpr const char* name = buffer_bytes == 0 ? "protobuf" : "protobuf 4K block";

  void* allocate(std::size_t bytes) {
    return google::protobuf::Arena::CreateArray<char>(&arena_, bytes);
  }
  void reset() { arena_.Reset(); }

 private:
  static google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    if constexpr (buffer_bytes != 0) {
      alignas(16) static char buffer[buffer_bytes];
      options.initial_block = buffer;
      options.initial_block_size = buffer_bytes;
    }
    return options;
  }

  google::protobuf::Arena arena_{options()};
};

static_assert(ResettablePeer<Protobuf<0>>);

}  // namespace tarn::bench
