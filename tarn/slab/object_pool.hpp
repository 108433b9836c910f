// tarn/slab/object_pool.hpp - objects of one type from a SlabCache, in handles that give them back.
//
//     ObjectPool<Order> orders;                      made and destroyed each time
//     Pooled<Order> order = orders.make(7, "blue");
//
//     ObjectPool<Connection, ResetByMember> connections;      constructed once, used many times
//     auto connection = connections.make();                   connection->reset() when given back
//
// A Pooled<T> is a std::unique_ptr: it moves, is released, and becomes a std::shared_ptr.
//
// Threads:    as SlabCache: any. An object may be given back by another thread.
// Failure:    try_make() returns an empty handle when memory is refused, make() throws
//             std::bad_alloc; a constructor that throws leaks nothing.
// Lifetime:   the pool outlives its objects.

#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "tarn/slab/slab_cache.hpp"

namespace tarn {

/// Objects are constructed by make() and destroyed when their handle ends.
struct MadeEachTime {};

/// Objects stay constructed; `object.reset()` prepares one for its next user. Any type with such a
/// function reset() can stand here.
struct ResetByMember {
  template <typename T>
  static void reset(T& object) noexcept {
    object.reset();
  }
};

template <typename T, typename Reset = MadeEachTime>
class ObjectPool;

/// Gives an object back to its pool.
template <typename T, typename Reset = MadeEachTime>
class ReturnToPool {
 public:
  ReturnToPool() = default;
  explicit ReturnToPool(ObjectPool<T, Reset>& pool) noexcept : pool_(&pool) {}

  void operator()(T* object) const noexcept { pool_->give_back(object); }

 private:
  ObjectPool<T, Reset>* pool_ = nullptr;
};

template <typename T, typename Reset = MadeEachTime>
using Pooled = std::unique_ptr<T, ReturnToPool<T, Reset>>;

template <typename T, typename Reset>
class ObjectPool {
 public:
  static constexpr bool keeps_objects = !std::is_same_v<Reset, MadeEachTime>;

  /// Of the options, `construct` and `destroy` are the pool's own business.
  explicit ObjectPool(const SlabCacheOptions& options = {}) noexcept
      : cache_(sizeof(T), alignof(T), with_lifetime(options)) {
    static_assert(std::is_nothrow_destructible_v<T>);
    static_assert(!keeps_objects || std::is_default_constructible_v<T>);
  }

  /// Returns an object: constructed from `arguments`, or, where objects stay constructed, one as
  /// its last user's reset left it.
  template <typename... Arguments>
  [[nodiscard]] Pooled<T, Reset> make(Arguments&&... arguments) {
    return begin(cache_.allocate(), std::forward<Arguments>(arguments)...);
  }

  /// As make(), an empty handle where memory is refused, or a kept object's constructor throws.
  template <typename... Arguments>
  [[nodiscard]] Pooled<T, Reset> try_make(Arguments&&... arguments) {
    void* const block = cache_.try_allocate();
    if (block == nullptr) return {};
    return begin(block, std::forward<Arguments>(arguments)...);
  }

  /// Takes back an object that was released from its handle.
  void give_back(T* object) noexcept {
    if constexpr (keeps_objects) {
      Reset::reset(*object);
    } else {
      object->~T();
    }
    cache_.deallocate(object);
  }

  /// See SlabCache.
  void decay() noexcept { cache_.decay(); }
  void trim() noexcept { cache_.trim(); }
  [[nodiscard]] SlabCacheStats stats() const noexcept { return cache_.stats(); }
  [[nodiscard]] const char* name() const noexcept { return cache_.name(); }

 private:
  static SlabCacheOptions with_lifetime(SlabCacheOptions options) noexcept {
    options.construct = nullptr;
    options.destroy = nullptr;
    if constexpr (keeps_objects) {
      options.construct = [](void* block, void*) { ::new (block) T(); };
      options.destroy = [](void* block, void*) noexcept { static_cast<T*>(block)->~T(); };
    }
    return options;
  }

  template <typename... Arguments>
  [[nodiscard]] Pooled<T, Reset> begin(void* block, Arguments&&... arguments) {
    if constexpr (keeps_objects) {
      static_assert(sizeof...(Arguments) == 0, "a kept object has been constructed already");
      return Pooled<T, Reset>(static_cast<T*>(block), ReturnToPool<T, Reset>(*this));
    } else {
      Unused unused{cache_, block};
      T* const object = ::new (block) T(std::forward<Arguments>(arguments)...);
      unused.block = nullptr;
      return Pooled<T, Reset>(object, ReturnToPool<T, Reset>(*this));
    }
  }

  // The block of an object whose constructor has not returned yet.
  struct Unused {
    ~Unused() {
      if (block != nullptr) cache.deallocate(block);
    }
    SlabCache& cache;
    void* block;
  };

  SlabCache cache_;
};

}  // namespace tarn
