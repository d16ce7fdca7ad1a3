// How long a thread was kept from running: from made-up turns, and as the kernel counts it.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/presence.h"

#include <gtest/gtest.h>

namespace ringmq::load {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(Presence, CountsTurnsThatTookMuchLongerThanTheyWereToSleep) {
  Presence presence;
  EXPECT_FALSE(presence.is_watching());
  presence.OnTurn(5'000 * kMs, 0);  // Nobody watches yet.
  presence.Begin(10'000 * kMs, std::nullopt);
  presence.OnTurn(10'020 * kMs, 10'020 * kMs);  // Slept as it was to.
  presence.OnTurn(10'059 * kMs, 10'040 * kMs);  // A little late.
  presence.OnTurn(11'560 * kMs, 10'060 * kMs);  // Stopped.
  presence.OnTurn(11'660 * kMs, 11'580 * kMs);
  const OffCore seen = presence.Look(12'000 * kMs, std::nullopt, 3);
  EXPECT_EQ(seen.watched_ns, 2'000 * kMs);
  EXPECT_EQ(seen.off_ns, 1'580 * kMs);
  EXPECT_EQ(seen.longest_ns, 1'500 * kMs);
  EXPECT_EQ(seen.thread, 3u);
  EXPECT_DOUBLE_EQ(seen.share(), 0.79);
  presence.End();
  EXPECT_FALSE(presence.is_watching());
}

// What was before it began is nobody's gap.
TEST(Presence, BeginsWithinATurn) {
  Presence presence;
  presence.Begin(10'000 * kMs, std::nullopt);
  presence.OnTurn(10'005 * kMs, 9'000 * kMs);
  EXPECT_EQ(presence.Look(10'100 * kMs, std::nullopt, 0).off_ns, 0);
}

TEST(Presence, TakesTheGreaterOfGapsAndOfWaitingForACore) {
  Presence presence;
  presence.Begin(0 + 1, 700 * kMs);
  presence.OnTurn(100 * kMs, 50 * kMs);
  EXPECT_EQ(presence.Look(1'000 * kMs, 740 * kMs, 0).off_ns, 50 * kMs);
  EXPECT_EQ(presence.Look(1'000 * kMs, 1'200 * kMs, 0).off_ns, 500 * kMs);
}

TEST(Presence, OfSeveralThreadsIsThatOfTheWorst) {
  OffCore all;
  all.Merge({.watched_ns = 100, .off_ns = 1, .longest_ns = 0, .thread = 0});
  all.Merge({.watched_ns = 100, .off_ns = 40, .longest_ns = 0, .thread = 1});
  all.Merge({.watched_ns = 100, .off_ns = 30, .longest_ns = 30, .thread = 2});
  EXPECT_EQ(all.thread, 1u);
  EXPECT_DOUBLE_EQ(all.share(), 0.4);
}

TEST(Presence, ReadsWhatTheKernelCounts) {
  const std::optional<int64_t> first = CoreWaitNs();
  if (!first.has_value()) GTEST_SKIP() << "this kernel does not count it";
  EXPECT_GE(*first, 0);
  EXPECT_GE(CoreWaitNs(), first);
}

}  // namespace
}  // namespace ringmq::load
