// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <vector>

namespace ringmq::base {
namespace {

// RFC 3720 appendix B.4.
TEST(Crc32c, AgreesWithThePublishedExamples) {
  const std::vector<uint8_t> zeroes(32, 0x00);
  const std::vector<uint8_t> ones(32, 0xff);
  std::vector<uint8_t> rising(32);
  std::iota(rising.begin(), rising.end(), uint8_t{0});
  EXPECT_EQ(ExtendCrc32c(0, zeroes), 0x8a9136aau);
  EXPECT_EQ(ExtendCrc32c(0, ones), 0x62a8ab43u);
  EXPECT_EQ(ExtendCrc32c(0, rising), 0x46dd794eu);
  EXPECT_EQ(ExtendCrc32c(0, {}), 0u);
}

TEST(Crc32c, CanBeTakenInPieces) {
  std::vector<uint8_t> bytes(100);
  std::iota(bytes.begin(), bytes.end(), uint8_t{7});
  const uint32_t whole = ExtendCrc32c(0, bytes);
  const std::span<const uint8_t> all(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(0, all.first(cut)), all.subspan(cut)), whole);
  }
}

}  // namespace
}  // namespace ringmq::base
