// testing/journal.hpp - cleanups that write their names down, for tests of what ran in which order.

#pragma once

#include <string>

namespace tarn {

struct Entry {
  std::string* journal;
  char letter;

  static void write(void* argument) noexcept {
    const auto* const entry = static_cast<Entry*>(argument);
    entry->journal->push_back(entry->letter);
  }
};

}  // namespace tarn
