// Goal: a line for each sixteen bytes.

#include "tarn/buffer/hex_dump.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(HexDump, HasALineForSixteenBytes) {
  EXPECT_EQ(hex_dump({}), "");
  const std::string_view text = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(hex_dump(std::as_bytes(std::span(text))),
            "00000000  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|\n"
            "00000010  0a                                                |.|\n");
}

}  // namespace
}  // namespace tarn
