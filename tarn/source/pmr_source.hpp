// tarn/source/pmr_source.hpp - chunks from any std::pmr::memory_resource.
//
// Threads:    those of the resource.
// Failure:    nullptr when the resource throws, whatever it throws. In a build with
//             -fno-exceptions a resource that throws ends the program.
// Lifetime:   the resource outlives the source.

#pragma once

#include <memory_resource>

#include "tarn/source/source.hpp"

namespace tarn {

class PmrSource final : public Source {
 public:
  explicit PmrSource(std::pmr::memory_resource& resource) noexcept : resource_(resource) {}

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;

  std::pmr::memory_resource& resource_;
};

}  // namespace tarn
