// SPDX-License-Identifier: Apache-2.0
#include "broker/memory.h"

#include <gtest/gtest.h>

namespace ringmq::broker {
namespace {

TEST(Memory, ThisProcessHasSome) {
  const auto bytes = ResidentBytes();
  ASSERT_TRUE(bytes.has_value());
  EXPECT_GT(*bytes, 100'000u);
}

TEST(Memory, SecondNumberCounts) {
  EXPECT_EQ(ParseResidentPages("1000 250 3 4 0 6 0\n"), 250u);
  EXPECT_EQ(ParseResidentPages("1000 250"), 250u);
  for (const char* junk : {"", "1000", "1000 ", "1000 x", " ", "1 99999999999999999999999"}) {
    EXPECT_EQ(ParseResidentPages(junk), std::nullopt) << junk;
  }
}

}  // namespace
}  // namespace ringmq::broker
