// SPDX-License-Identifier: Apache-2.0
#include "codec/reason_codes.h"

#include <gtest/gtest.h>

namespace ringmq::codec {
namespace {

TEST(ReasonCodes, MapsReturnCodesThereAndBack) {
  for (uint8_t code = 0; code <= 5; ++code) {
    ASSERT_TRUE(ReasonOfReturnCode(code).has_value());
    EXPECT_EQ(ReturnCodeOf(*ReasonOfReturnCode(code)), code);
  }
  for (int code = 6; code < 256; ++code) {
    EXPECT_FALSE(ReasonOfReturnCode(static_cast<uint8_t>(code)).has_value());
  }
}

TEST(ReasonCodes, NeverTurnsAFailureIntoAcceptance) {
  for (int reason = 0; reason < 256; ++reason) {
    const auto code = ReturnCodeOf(static_cast<ReasonCode>(reason));
    EXPECT_EQ(code != 0, reason >= 0x80);
    EXPECT_LE(code, 5);
  }
}

}  // namespace
}  // namespace ringmq::codec
