// SPDX-License-Identifier: Apache-2.0
#include "ringmq/std_expected.h"

#include <memory>

#include <gtest/gtest.h>

#if !defined(__cpp_lib_expected)
#error "this test is compiled with a standard that has std::expected"
#endif

namespace ringmq {
namespace {

TEST(StdExpected, ValuesAreMovedThereAndBack) {
  std::expected<std::unique_ptr<int>, Error> there =
      ToStdExpected(Expected<std::unique_ptr<int>>(std::make_unique<int>(7)));
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(**there, 7);
  const Expected<std::unique_ptr<int>> back = FromStdExpected(std::move(there));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(**back, 7);
}

TEST(StdExpected, ErrorsKeepAllThatTheySay) {
  const Error error =
      Error(Errc::kConnectionRefused, "no").WithReason(ReasonCode::kBanned).WithErrno(5);
  const auto there = ToStdExpected(Expected<int>(error));
  ASSERT_FALSE(there.has_value());
  EXPECT_EQ(there.error().reason(), ReasonCode::kBanned);
  const Expected<int> back = FromStdExpected(there);
  EXPECT_EQ(Describe(back.error()), Describe(error));  // Of the library, which is C++20.
}

TEST(StdExpected, SuccessWithoutAValueToo) {
  EXPECT_TRUE(ToStdExpected(Expected<void>()).has_value());
  EXPECT_TRUE(FromStdExpected(std::expected<void, Error>()).ok());
  const auto there = ToStdExpected(Expected<void>(Error(Errc::kStopped)));
  ASSERT_FALSE(there.has_value());
  EXPECT_EQ(FromStdExpected(there).error().code(), Errc::kStopped);
}

}  // namespace
}  // namespace ringmq
