// Goal: the lowest free slot, whatever was taken and freed before, as a list of bools tells it.

#include "tarn/parts/slot_bitmap.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "testing/choices.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

TEST(SlotBitmap, AgreesWithAListOfBools) {
  TARN_SEED_TRACE(test_seed());
  RandomChoices choices(test_seed());
  for (const std::uint32_t slot_count : {1u, 2u, 63u, 64u, 65u, 128u, 200u}) {
    std::vector<std::uint64_t> words(SlotBitmap::word_count(slot_count), UINT64_MAX);
    SlotBitmap bitmap(words.data());
    bitmap.clear(slot_count);
    std::vector<bool> is_taken(slot_count);
    for (int step = 0; step < 2000; ++step) {
      const auto expected = std::find(is_taken.begin(), is_taken.end(), false);
      const std::uint32_t found = bitmap.find_free(slot_count);
      if (expected == is_taken.end()) {
        ASSERT_EQ(found, SlotBitmap::no_slot);
      } else {
        ASSERT_EQ(found, static_cast<std::uint32_t>(expected - is_taken.begin()));
      }
      const bool takes = found != SlotBitmap::no_slot && choices.choose(5) != 0;
      const auto slot = takes ? found : static_cast<std::uint32_t>(choices.choose(slot_count));
      takes ? bitmap.take(slot) : bitmap.free(slot);
      is_taken[slot] = takes;
      ASSERT_EQ(bitmap.is_taken(slot), takes);
    }
  }
}

}  // namespace
}  // namespace tarn
