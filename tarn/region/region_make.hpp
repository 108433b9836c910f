// tarn/region/region_make.hpp - constructing objects in a Region; included by region.hpp.
//
//     trivial destructor:   | object |
//     any other:            | cleanup | object |   cleanup.run = the destructor, argument = object
//
// Threads:    as the region.
// Failure:    the cleanup is allocated before the object is built, so that an object that exists
//             is always one that will be destroyed. A constructor that throws leaves the region as
//             it was: the object's bytes go back if it took none itself, and the cleanup waits
//             for the next object.

#pragma once

#include "tarn/base/out_of_memory.hpp"
#include "tarn/region/region.hpp"

namespace tarn {
namespace detail {

// Runs `undo` unless told that all went well.
template <typename Undo>
class OnThrow {
 public:
  explicit OnThrow(Undo undo) noexcept : undo_(undo) {}
  ~OnThrow() {
    if (armed_) undo_();
  }
  OnThrow(const OnThrow&) = delete;
  OnThrow& operator=(const OnThrow&) = delete;

  void disarm() noexcept { armed_ = false; }

 private:
  Undo undo_;
  bool armed_ = true;
};

template <typename T>
void destroy_one(void* object) noexcept {
  static_cast<T*>(object)->~T();
}

// What precedes an array whose elements need destruction.
struct ArrayHeader {
  std::size_t count;
};

template <typename T>
inline constexpr std::size_t array_alignment = alignof(T) > alignof(ArrayHeader)
                                                   ? alignof(T)
                                                   : alignof(ArrayHeader);

template <typename T>
void destroy_last_to_first(T* elements, std::size_t count) noexcept {
  while (count > 0) elements[--count].~T();
}

template <typename T>
void destroy_array(void* memory) noexcept {
  const std::size_t count = static_cast<ArrayHeader*>(memory)->count;
  constexpr std::size_t header_bytes = align_up(sizeof(ArrayHeader), array_alignment<T>);
  destroy_last_to_first(reinterpret_cast<T*>(static_cast<char*>(memory) + header_bytes), count);
}

// Clang 14 can not initialise an aggregate with parentheses.
template <typename T, typename... Arguments>
TARN_HOT T* construct_at(void* block, Arguments&&... arguments) {
  if constexpr (std::is_constructible_v<T, Arguments...>) {
    return ::new (block) T(static_cast<Arguments&&>(arguments)...);
  } else {
    return ::new (block) T{static_cast<Arguments&&>(arguments)...};
  }
}

}  // namespace detail

template <typename T, typename... Arguments>
T* Region::construct(void* block, Cleanup* cleanup, Arguments&&... arguments) {
  detail::OnThrow give_back([&] {
    deallocate(block, sizeof(T));
    if (cleanup != nullptr) spare_cleanup(cleanup);
  });
  T* const object = detail::construct_at<T>(block, static_cast<Arguments&&>(arguments)...);
  give_back.disarm();
  if (cleanup != nullptr) register_cleanup(cleanup, detail::destroy_one<T>, object);
  return object;
}

template <typename T, typename... Arguments>
T* Region::make(Arguments&&... arguments) {
  if constexpr (std::is_trivially_destructible_v<T> &&
                std::is_nothrow_constructible_v<T, Arguments...>) {
    return detail::construct_at<T>(allocate(sizeof(T), alignof(T)),
                                   static_cast<Arguments&&>(arguments)...);
  } else {
    T* const object = try_make<T>(static_cast<Arguments&&>(arguments)...);
    if (object == nullptr) out_of_memory(sizeof(T));
    return object;
  }
}

template <typename T, typename... Arguments>
T* Region::try_make(Arguments&&... arguments) {
  Cleanup* cleanup = nullptr;
  void* block = nullptr;
  if constexpr (std::is_trivially_destructible_v<T>) {
    block = try_allocate(sizeof(T), alignof(T));
  } else {
    block = try_allocate_with_cleanup(sizeof(T), alignof(T), cleanup);
  }
  if (block == nullptr) return nullptr;
  return construct<T>(block, cleanup, static_cast<Arguments&&>(arguments)...);
}

template <typename T>
T* Region::make_array(std::size_t count) {
  T* const elements = try_make_array<T>(count);
  if (elements == nullptr)
    out_of_memory(count > SIZE_MAX / sizeof(T) ? SIZE_MAX : count * sizeof(T));
  return elements;
}

template <typename T>
T* Region::try_make_array(std::size_t count) {
  std::size_t bytes = 0;
  if (!multiply_checked(count, sizeof(T), bytes)) return nullptr;
  Cleanup* cleanup = nullptr;
  if constexpr (std::is_trivially_destructible_v<T>) {
    void* const block = try_allocate(bytes, alignof(T));
    return block == nullptr ? nullptr : construct_array<T>(block, bytes, block, cleanup, count);
  } else {
    constexpr std::size_t alignment = detail::array_alignment<T>;
    constexpr std::size_t header_bytes = align_up(sizeof(detail::ArrayHeader), alignment);
    if (!add_checked(bytes, header_bytes, bytes)) return nullptr;
    void* const block = try_allocate_with_cleanup(bytes, alignment, cleanup);
    if (block == nullptr) return nullptr;
    ::new (block) detail::ArrayHeader{count};
    return construct_array<T>(block, bytes, static_cast<char*>(block) + header_bytes, cleanup,
                              count);
  }
}

template <typename T>
T* Region::construct_array(void* block, std::size_t bytes, void* first, Cleanup* cleanup,
                           std::size_t count) {
  T* const elements = static_cast<T*>(first);
  std::size_t built_count = 0;
  detail::OnThrow give_back([&] {
    detail::destroy_last_to_first(elements, built_count);
    deallocate(block, bytes);
    if (cleanup != nullptr) spare_cleanup(cleanup);
  });
  for (; built_count < count; ++built_count) ::new (static_cast<void*>(elements + built_count)) T();
  give_back.disarm();
  if (cleanup != nullptr) register_cleanup(cleanup, detail::destroy_array<T>, block);
  return elements;
}

}  // namespace tarn
