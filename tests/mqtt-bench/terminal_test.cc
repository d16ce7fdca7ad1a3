// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ringmq::bench {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kHide = "\x1b[?25l";
constexpr TerminalSize kSize = {.columns = 80, .rows = 24};

TEST(Block, IsDrawnWhereItWas) {
  Block block;
  EXPECT_EQ(block.Draw(Lines{"a", "b"}, kSize),
            std::string(kHide) + "\r\x1b[J" + "a\x1b[K\r\nb\x1b[K\r\n\x1b[J");
  EXPECT_EQ(block.Draw(Lines{"c", "d"}, kSize),
            std::string(kHide) + "\r\x1b[2A" + "c\x1b[K\r\nd\x1b[K\r\n\x1b[J");
  EXPECT_EQ(block.Erase(), "\r\x1b[2A\x1b[J");
  EXPECT_EQ(block.Erase(), "");
}

// Otherwise the terminal would scroll, and going up would end too early.
TEST(Block, HasNoMoreLinesThanThereIsRoomAboveTheCursor) {
  Block block;
  EXPECT_EQ(block.Draw(Lines{"a", "b", "c"}, {.columns = 80, .rows = 3}),
            std::string(kHide) + "\r\x1b[J" + "a\x1b[K\r\nb\x1b[K\r\n\x1b[J");
  EXPECT_THAT(block.Draw(Lines{"a", "b", "c"}, {.columns = 80, .rows = 1}),
              ::testing::Not(::testing::HasSubstr("b")));
}

// Ten columns break the first line in three and the second, whose sequences have no width, not.
TEST(Block, CountsTheLinesThatANarrowerTerminalHasBroken) {
  Block block;
  static_cast<void>(block.Draw(Lines{std::string(25, 'x'), "\x1b[1mµµµµµµµµµµ\x1b[0m"}, kSize));
  EXPECT_THAT(block.Draw(Lines{"a", "b"}, {.columns = 10, .rows = 24}),
              ::testing::StartsWith(std::string(kHide) + "\r\x1b[4A\x1b[J"));
  EXPECT_THAT(block.Draw(Lines{"a", "b"}, kSize),
              ::testing::StartsWith(std::string(kHide) + "\r\x1b[2A\x1b[J"));
}

TEST(Block, BeginsAnewBeneathWhatOthersWrote) {
  Block block;
  static_cast<void>(block.Draw(Lines{"a", "b"}, kSize));
  block.Forget();
  EXPECT_THAT(block.Draw(Lines{"c"}, kSize), ::testing::StartsWith(std::string(kHide) + "\rc"));
}

}  // namespace
}  // namespace ringmq::bench
