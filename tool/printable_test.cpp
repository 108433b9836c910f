// Goal: no text of a trace makes a terminal do anything. Method: what terminals act on, and what
// looks like it.

#include "tool/printable.hpp"

#include <gtest/gtest.h>

namespace tarn::tool {
namespace {

TEST(Printable, ControlCharactersAreToldByTheirBytes) {
  EXPECT_EQ(printable("a\x1b[31m \n\x7f"), "a\\x1b[31m \\x0a\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
}

TEST(Printable, LettersOfAnyLanguageStayAsTheyAre) {
  EXPECT_EQ(printable("~ \\ \xc3\x9b \xe6\x9b\x9b \xc2\xa0"),
            "~ \\ \xc3\x9b \xe6\x9b\x9b \xc2\xa0");
  EXPECT_EQ(printable("\xc2"), "\xc2");
}

}  // namespace
}  // namespace tarn::tool
