// testing/channel.hpp - what threads of a stress test hand to each other.
//
//     one thread ---> put() ---> | thing | thing | ... | ---> take() ---> another one
//
// Threads:    any.
// Failure:    take() returns an empty thing if there is none.

#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace tarn {

template <typename Thing>
class Channel {
 public:
  void put(Thing thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
  }
  [[nodiscard]] Thing take() {
    const std::lock_guard lock(mutex_);
    if (things_.empty()) return {};
    Thing thing = std::move(things_.back());
    things_.pop_back();
    return thing;
  }

 private:
  std::mutex mutex_;
  std::vector<Thing> things_;
};

}  // namespace tarn
