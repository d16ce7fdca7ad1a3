// SPDX-License-Identifier: Apache-2.0
#include "base/roff.h"

#include <gtest/gtest.h>

namespace ringmq::base {
namespace {

TEST(Roff, LeavesNothingThatIsARequest) {
  EXPECT_EQ(Roff("--rate 20k"), "\\-\\-rate 20k");
  EXPECT_EQ(Roff(".TH 'x'\n'y.\n.z"), "\\&.TH 'x'\n\\&'y.\n\\&.z");
  EXPECT_EQ(Roff("a\\b"), "a\\eb");
  EXPECT_EQ(Roff(""), "");
}

}  // namespace
}  // namespace ringmq::base
