// testing/kept_objects.hpp - a model of the objects that a SlabCache keeps constructed.
//
//     construct(block) --> an object filled with `constructed`
//     use(block, byte) --> as it was left?  its user fills it with `byte`, which stays
//     destroy(block)   --> as it was left?  forgotten
//
// Threads:    one at a time.
// Failure:    wrong() says what is, or is empty.
// Lifetime:   outlives the caches that it watches.

#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "tarn/slab/slab_cache.hpp"

namespace tarn {

class KeptObjects {
 public:
  /// Of `object_bytes` bytes, at least one.
  explicit KeptObjects(std::size_t object_bytes) noexcept : object_bytes_(object_bytes) {}

  KeptObjects(const KeptObjects&) = delete;
  KeptObjects& operator=(const KeptObjects&) = delete;

  /// Has a cache with `options` keep such objects.
  void watch(SlabCacheOptions& options) noexcept;

  /// `block` was handed out; whoever has it fills it with `filling`.
  void use(const void* block, unsigned char filling);

  /// Returns true if there is an object in `block`.
  [[nodiscard]] bool contains(const void* block) const { return fillings_.count(block) != 0; }
  /// Returns how many have been constructed and not destroyed.
  [[nodiscard]] std::size_t count() const noexcept { return fillings_.size(); }
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

 private:
  static constexpr unsigned char constructed = 0xC0;

  void construct(void* block);
  void destroy(const void* block);
  void check_as_left(const void* block, unsigned char filling);

  std::size_t object_bytes_;
  std::map<const void*, unsigned char> fillings_;
  std::string wrong_;
};

}  // namespace tarn
