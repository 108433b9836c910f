// examples/http_server/memory.cpp - the parts of the switch that belong to malloc.

#include "examples/http_server/memory.hpp"

#include <cstddef>

#include <boost/asio/recycling_allocator.hpp>

namespace http_server {
namespace {

// Asio's own way to keep handlers, which a program without pools gets for nothing.
class RecyclingResource final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t) override {
    return boost::asio::recycling_allocator<std::byte>().allocate(bytes);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    boost::asio::recycling_allocator<std::byte>().deallocate(static_cast<std::byte*>(block), bytes);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
};

RecyclingResource recycling_resource;

}  // namespace

std::string_view name_of(Strategy strategy) noexcept {
  return strategy == Strategy::region ? "region" : "malloc";
}

tarn::BufferPool& buffers() {
  static tarn::BufferPool pool({.arena = {.name = "buffers"}});
  return pool;
}

Allocator Memory::handlers() noexcept {
  return strategy_ == Strategy::region ? resource() : &recycling_resource;
}

}  // namespace http_server
