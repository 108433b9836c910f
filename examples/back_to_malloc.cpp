// examples/back_to_malloc.cpp - how does a program stay free to drop a pool again?
//
// Code that takes a std::pmr::memory_resource does not know what is behind it. The region, the
// heap, and a region that gives every block its own heap chunk (for a sanitizer to watch) are
// three answers to one question, and the results must be equal.

#include <cstdio>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>

#include "tarn/adapt/region_resource.hpp"
#include "tarn/region/region.hpp"

namespace {

// The code under discussion. It frees what it allocates, so it is right with any resource.
int count_distinct_words(std::string_view text, std::pmr::memory_resource* resource) {
  std::pmr::map<std::pmr::string, int> words(resource);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size() < text.size() ? word.size() + 1 : word.size());
    ++words[std::pmr::string(word, resource)];
  }
  return static_cast<int>(words.size());
}

int count_in_region(std::string_view text, tarn::Checking checking) {
  tarn::Region region({.name = "words", .checking = checking});
  tarn::RegionResource resource(region);
  return count_distinct_words(text, &resource);
}

}  // namespace

int main() {
  constexpr std::string_view text =
      "the quick-brown-fox-and-friends jumps over the lazy dog and over the quick one";
  const int in_region = count_in_region(text, tarn::Checking::automatic);
  const int one_by_one = count_in_region(text, tarn::Checking::passthrough);
  const int on_heap = count_distinct_words(text, std::pmr::new_delete_resource());
  std::printf("region: %d words, passthrough: %d, heap: %d\n", in_region, one_by_one, on_heap);
  return in_region == 9 && one_by_one == 9 && on_heap == 9 ? 0 : 1;
}
