#include "testing/kept_objects.hpp"

#include <cstring>

namespace tarn {

void KeptObjects::watch(SlabCacheOptions& options) noexcept {
  options.context = this;
  options.construct = [](void* block, void* self) {
    static_cast<KeptObjects*>(self)->construct(block);
  };
  options.destroy = [](void* block, void* self) noexcept {
    static_cast<KeptObjects*>(self)->destroy(block);
  };
}

void KeptObjects::construct(void* block) {
  if (!fillings_.insert({block, constructed}).second) wrong_ = "an object is constructed twice";
  std::memset(block, constructed, object_bytes_);
}

void KeptObjects::destroy(const void* block) {
  const auto found = fillings_.find(block);
  if (found == fillings_.end()) {
    wrong_ = "an object is destroyed that there is not";
    return;
  }
  check_as_left(block, found->second);
  fillings_.erase(found);
}

void KeptObjects::use(const void* block, unsigned char filling) {
  const auto found = fillings_.find(block);
  if (found == fillings_.end()) {
    wrong_ = "a block is handed out without an object";
    return;
  }
  check_as_left(block, found->second);
  found->second = filling;
}

void KeptObjects::check_as_left(const void* block, unsigned char filling) {
  const auto* const bytes = static_cast<const unsigned char*>(block);
  const bool are_alike = std::memcmp(bytes, bytes + 1, object_bytes_ - 1) == 0;
  if (!are_alike || bytes[0] != filling) wrong_ = "an object is not as it was left";
}

}  // namespace tarn
