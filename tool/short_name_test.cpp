// Goal: long names of functions stay recognisable in a line of the terminal. Method: names as the
// demangler writes them.

#include "tool/short_name.hpp"

#include <gtest/gtest.h>

namespace tarn::tool {
namespace {

TEST(ShortName, WhatFitsStaysAsItIs) {
  EXPECT_EQ(short_name("std::vector<int>::push_back(int const&)", 60),
            "std::vector<int>::push_back(int const&)");
}

TEST(ShortName, TemplateArgumentsGoFirst) {
  EXPECT_EQ(short_name("void a::op<b<c, d<e> >, true>::run<f>(g<h> const&)", 45),
            "void a::op<...>::run<...>(g<...> const&)");
}

TEST(ShortName, OperatorsKeepTheirSigns) {
  EXPECT_EQ(short_name("std::ostream& operator<< <std::char_traits<char>>(std::ostream&)", 60),
            "std::ostream& operator<< <...>(std::ostream&)");
  EXPECT_EQ(short_name("box<a_long_argument>::operator->() const", 30),
            "box<...>::operator->() const");
}

TEST(ShortName, TheRestIsCut) { EXPECT_EQ(short_name("abcdefghijklmnop", 10), "abcdefg..."); }

}  // namespace
}  // namespace tarn::tool
