// Goal: a Result is a value or an error and never both; telling of a failure never allocates and
// never overruns. Method: each accessor in each state, moved-only values, an overlong message.

#include "tarn/base/result.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace tarn {
namespace {

static_assert(std::is_trivially_copyable_v<Error>, "an error can be stored anywhere");

Result<int> parse_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return Error::make(ErrorCode::malformed, "'%c' is not a digit", digit);
}

TEST(Result, HoldsAValue) {
  const Result<int> result = parse_digit('7');
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(result.value(), 7);
  EXPECT_EQ(*result, 7);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = parse_digit('x');
  ASSERT_FALSE(result.has_value());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.error().code, ErrorCode::malformed);
  EXPECT_STREQ(result.error().message, "'x' is not a digit");
}

TEST(Result, MovesAValueOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(3));
  ASSERT_TRUE(result);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 3);
}

TEST(Result, ReachesMembersThroughTheArrow) {
  Result<std::string> result(std::string("four"));
  result->push_back('!');
  EXPECT_EQ(std::as_const(result)->size(), 5u);
  EXPECT_EQ(*result, "four!");
}

TEST(Result, OfVoidIsDoneOrAnError) {
  const Result<void> done;
  EXPECT_TRUE(done.has_value());
  const Result<void> failed = Error::make(ErrorCode::wrong_id, "block %d is not there", 4);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::wrong_id);
  EXPECT_STREQ(failed.error().message, "block 4 is not there");
}

TEST(Result, CutsAnOverlongMessage) {
  const std::string overlong(1000, 'm');
  const Error error = Error::make(ErrorCode::malformed, "%s", overlong.c_str());
  EXPECT_EQ(std::strlen(error.message), Error::message_bytes - 1);
}

TEST(ResultDeathTest, ValueOfAnErrorStopsWithItsMessage) {
  const Result<int> result = parse_digit('x');
  EXPECT_DEATH(static_cast<void>(result.value()), "there is none: 'x' is not a digit");
}

TEST(ResultDeathTest, ErrorOfAValueStops) {
  const Result<int> result = parse_digit('1');
  EXPECT_DEATH(static_cast<void>(result.error()), "there is a value");
}

}  // namespace
}  // namespace tarn
