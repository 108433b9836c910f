// testing/buffer_fixture.hpp - a pool of buffers for a test, in each checking mode.
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <string_view>

#include <gtest/gtest.h>

#include "tarn/buffer/buffer_pool.hpp"
#include "testing/every_checking.hpp"

namespace tarn {

class BufferFixture : public testing::TestWithParam<Checking> {
 protected:
  BufferPool pool_{{.arena = {.checking = GetParam()}, .leak_detection = LeakDetection::all}};

  [[nodiscard]] Buffer holding(std::string_view text, std::size_t capacity = 256) {
    Buffer buffer = pool_.allocate(capacity);
    buffer.write(text);
    return buffer;
  }
};

}  // namespace tarn
