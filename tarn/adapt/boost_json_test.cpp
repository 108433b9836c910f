// Boost.JSON documents that live in a region: parsed, changed, serialised.

#if __has_include(<boost/json.hpp>) && defined(__cpp_exceptions) && defined(__cpp_rtti)

#include <memory_resource>
#include <string>

#include <boost/json/src.hpp>
#include <gtest/gtest.h>

#include "tarn/adapt/region_resource.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/refusal_check.hpp"

namespace tarn {
namespace {

// Boost.JSON 1.81 has a memory_resource of its own.
class JsonMemory final : public boost::json::memory_resource {
 public:
  explicit JsonMemory(Region& region) : region_(region) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return region_.allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    region_.deallocate(block, bytes);
  }
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Region& region_;
};

std::string document_text(int item_count = 500) {
  std::string text = R"({"items":[)";
  for (int i = 0; i < item_count; ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"id":)") + std::to_string(i) +
            R"(,"name":"an item with a name of some length","tags":["a","b"]})";
  }
  return text + R"(],"count":)" + std::to_string(item_count) + "}";
}

TEST(BoostJson, DocumentsLiveInARegion) {
  const std::string text = document_text();
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    CountingSource source(heap_source());
    {
      Region region({.source = &source, .checking = checking});
      JsonMemory memory(region);
      boost::json::value document = boost::json::parse(text, &memory);
      EXPECT_EQ(boost::json::serialize(document), text);
      document.as_object()["more"] = std::string(10'000, 'x');
      EXPECT_TRUE(region.owns(document.at("more").as_string().data(), 10'000));
    }
    EXPECT_EQ(source.live_bytes(), 0u);
  }
}

// A document whose destructor has nothing to do need not be destroyed at all: the memory of a
// region goes with the region.
TEST(BoostJson, ADocumentMayBeLeftToItsRegion) {
  CountingSource source(heap_source());
  {
    Region region({.source = &source});
    JsonMemory* const memory = region.make<JsonMemory>(region);
    void* const place = region.allocate(sizeof(boost::json::value));
    ::new (place) boost::json::value(boost::json::parse(document_text(), memory));
  }
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(BoostJson, AParserPassesAShortageOn) {
  const std::string text = document_text(20);
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    const std::size_t refused_run_count = count_refused_runs(checking, [&](Region& region) {
      JsonMemory memory(region);
      boost::json::value document = boost::json::parse(text, &memory);
      document.as_object()["more"] = std::string(10'000, 'x');
      EXPECT_TRUE(document.at("items").as_array().size() == 20);
    });
    EXPECT_GT(refused_run_count, 4u);
  }
}

}  // namespace
}  // namespace tarn

#endif
