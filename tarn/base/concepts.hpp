// tarn/base/concepts.hpp - what code may ask of a pool, one ability per concept.
//
// `Pool` is what a replayer, an adapter or a benchmark needs at least; the others are abilities
// that some pools have. Code written against them works with any pool that has the members, and
// asks `if constexpr (Markable<P>)` before it uses what not every pool has.
//
// Threads:    compile time only.
// Failure:    every call here is noexcept: memory that is refused is nullptr or false.

#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace tarn {

/// try_allocate(bytes, alignment) returns a block, or nullptr with the pool as it was.
template <typename P>
concept Allocating = requires(P& pool, std::size_t bytes, std::size_t alignment) {
  { pool.try_allocate(bytes, alignment) }
  noexcept->std::same_as<void*>;
};

/// As try_allocate(), with the bytes set to zero.
template <typename P>
concept AllocatingZeroed = requires(P& pool, std::size_t bytes, std::size_t alignment) {
  { pool.try_allocate_zeroed(bytes, alignment) }
  noexcept->std::same_as<void*>;
};

/// deallocate(block, bytes) ends a block; the pool finds its alignment by itself.
template <typename P>
concept DeallocatingByBytes = requires(P& pool, void* block, std::size_t bytes) {
  { pool.deallocate(block, bytes) }
  noexcept;
};

/// deallocate(block, bytes, alignment) ends a block.
template <typename P>
concept DeallocatingByAlignment = requires(P& pool, void* block, std::size_t bytes,
                                           std::size_t alignment) {
  { pool.deallocate(block, bytes, alignment) }
  noexcept;
};

template <typename P>
concept Deallocating = DeallocatingByBytes<P> || DeallocatingByAlignment<P>;

/// The least that is a pool.
template <typename P>
concept Pool = Allocating<P> && Deallocating<P>;

/// try_extend(block, bytes, new_bytes) grows a block where it is, or returns false.
template <typename P>
concept Extendable = requires(P& pool, void* block, std::size_t bytes, std::size_t new_bytes) {
  { pool.try_extend(block, bytes, new_bytes) }
  noexcept->std::same_as<bool>;
};

/// shrink(block, bytes, new_bytes) makes a block smaller where it is.
template <typename P>
concept Shrinkable = requires(P& pool, void* block, std::size_t bytes, std::size_t new_bytes) {
  { pool.shrink(block, bytes, new_bytes) }
  noexcept;
};

/// reset() ends everything the pool holds.
template <typename P>
concept Resettable = requires(P& pool) {
  { pool.reset() }
  noexcept;
};

/// reset({bytes_max, as_one_chunk}) also says how much memory stays with the pool.
template <typename P>
concept Retaining = Resettable<P> && requires(P& pool, std::size_t bytes_max, bool as_one_chunk) {
  { pool.reset({bytes_max, as_one_chunk}) }
  noexcept;
};

/// mark() remembers a moment, rewind(mark) ends everything that began after it.
template <typename P>
concept Markable = requires(P& pool) {
  typename P::Mark;
  { pool.mark() }
  noexcept->std::same_as<typename P::Mark>;
  requires requires(const typename P::Mark& mark) {
    { pool.rewind(mark) }
    noexcept;
  };
};

/// A pool can be another's child, which ends with it at the latest.
template <typename P>
concept Nestable = std::constructible_from<P, P&> && requires(P& parent, P& child) {
  { parent.adopt(child) }
  noexcept;
  { child.detach() }
  noexcept;
};

/// Functions registered with the pool run when it ends; `Handle` names one of them.
template <typename P, typename Handle>
concept Cleaning = std::default_initializable<Handle> &&
    requires(P& pool, void (*run)(void*) noexcept, void* argument, Handle& handle) {
  { pool.try_add_cleanup(run, argument, handle) }
  noexcept->std::same_as<bool>;
  { pool.cancel(handle) }
  noexcept->std::same_as<bool>;
  { pool.run_now(handle) }
  noexcept->std::same_as<bool>;
};

}  // namespace tarn
