// tarn/replay/world.hpp - what a program is run against: the pools it names, made and ended.
//
//     program --> Replayer --> World --create--> pool     Region, malloc, a memory_resource, ...
//
// A world says what `create` and `destroy` mean; everything else the replayer asks the pool
// itself, as far as the concepts of tarn/base/concepts.hpp find the ability in it.
//
// Threads:    compile time only.
// Failure:    create() returns nullptr when it can not make a pool.

#pragma once

#include <concepts>
#include <cstddef>

#include "tarn/base/concepts.hpp"

namespace tarn::replay {

/// The cleanup handle of worlds whose pools know no cleanups.
struct NoCleanups {};

/// The mark of pools that know no marks.
struct NoMark {};

template <typename W>
concept World = Pool<typename W::Pool> && std::default_initializable<typename W::CleanupHandle> &&
    requires(W& world, typename W::Pool* pool, std::size_t limit_bytes) {
  // `pool`, which may be null, is the parent.
  { world.create(pool, limit_bytes) } -> std::same_as<typename W::Pool*>;
  // The pool may have ended already, with its parent.
  { world.destroy(pool) } -> std::same_as<void>;
};

template <typename P>
struct MarkOf {
  using Type = NoMark;
};

template <Markable P>
struct MarkOf<P> {
  using Type = typename P::Mark;
};

}  // namespace tarn::replay
