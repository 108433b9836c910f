// examples/http_server/json_storage.hpp - Boost.JSON values in a Memory.
//
// Boost.JSON 1.81 has a memory_resource class of its own, so a small bridge carries its calls over:
//
//     json::value -> storage_ptr -> JsonStorage -> std::pmr::memory_resource
//
// A region takes no value back one by one, so Boost.JSON is told that giving back does nothing:
// it then leaves out the walk through the document that would destroy every value in it.
//
// Lifetime:   a JsonStorage outlives the values made with it.

#pragma once

#include <cstddef>
#include <memory_resource>
#include <type_traits>

#include <boost/json/memory_resource.hpp>
#include <boost/json/storage_ptr.hpp>

#include "examples/http_server/memory.hpp"

namespace http_server {

class JsonBridge : public boost::json::memory_resource {
 public:
  explicit JsonBridge(std::pmr::memory_resource* upstream) noexcept : upstream_(upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return upstream_->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    upstream_->deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
};

// The same bridge, under a type of which Boost.JSON knows that it takes nothing back.
class JsonRegionBridge final : public JsonBridge {
  using JsonBridge::JsonBridge;
};

class JsonStorage {
 public:
  explicit JsonStorage(Memory& memory) noexcept
      : frees_one_by_one_(memory.strategy() == Strategy::malloc), bridge_(memory.resource()) {}

  [[nodiscard]] boost::json::storage_ptr get() noexcept {
    JsonBridge* plain = &bridge_;
    return frees_one_by_one_ ? boost::json::storage_ptr(plain) : boost::json::storage_ptr(&bridge_);
  }

 private:
  bool frees_one_by_one_;
  JsonRegionBridge bridge_;
};

}  // namespace http_server

namespace boost::json {

template <>
struct is_deallocate_trivial<http_server::JsonRegionBridge> : std::true_type {};

}  // namespace boost::json
