// Errors as Abseil's.
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/expected.h"

#include <cerrno>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "ringmq/absl.h"

namespace ringmq {
namespace {

constexpr auto kLastErrc = static_cast<uint8_t>(Errc::kSystem);

TEST(AbslStatus, EveryErrorHasACodeAndItsSentence) {
  for (uint8_t i = 0; i <= kLastErrc; ++i) {
    const Error error(static_cast<Errc>(i), "because");
    const absl::Status status = ToStatus(error);
    EXPECT_NE(status.code(), absl::StatusCode::kOk) << int{i};
    EXPECT_NE(status.code(), absl::StatusCode::kUnknown) << int{i};
    EXPECT_EQ(std::string(status.message()), Describe(error));
  }
}

TEST(AbslStatus, WhatMayPassIsUnavailable) {
  const Error busy = Error(Errc::kConnectionRefused).WithReason(ReasonCode::kServerBusy);
  EXPECT_EQ(ToStatus(busy).code(), absl::StatusCode::kUnavailable);
  const Error wrong = Error(Errc::kConnectionRefused).WithReason(ReasonCode::kNotAuthorized);
  EXPECT_EQ(ToStatus(wrong).code(), absl::StatusCode::kPermissionDenied);
}

TEST(AbslStatus, CarriesWhatTheServerAndTheKernelSaid) {
  const absl::Status bare = ToStatus(Error(Errc::kConnectionLost));
  EXPECT_FALSE(bare.GetPayload(kReasonPayload).has_value());
  EXPECT_FALSE(bare.GetPayload(kErrnoPayload).has_value());
  const absl::Status full =
      ToStatus(Error(Errc::kConnectFailed).WithReason(ReasonCode::kBanned).WithErrno(ECONNREFUSED));
  EXPECT_EQ(std::string(*full.GetPayload(kReasonPayload)), "138");
  EXPECT_EQ(std::string(*full.GetPayload(kErrnoPayload)), std::to_string(ECONNREFUSED));
}

TEST(AbslStatus, ValuesAreMovedAndErrorsConverted) {
  absl::StatusOr<std::unique_ptr<int>> value =
      ToStatusOr(Expected<std::unique_ptr<int>>(std::make_unique<int>(7)));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(**value, 7);
  const absl::StatusOr<int> none = ToStatusOr(Expected<int>(Error(Errc::kTimedOut, "too late")));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(ToStatus(Expected<void>()).ok());
  EXPECT_EQ(ToStatus(Expected<void>(Error(Errc::kStopped))).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace ringmq
