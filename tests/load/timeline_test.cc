// SPDX-License-Identifier: Apache-2.0
#include "load/timeline.h"

#include <gtest/gtest.h>

namespace ringmq::load {
namespace {

LiveSecond MakeSecond(uint64_t received, int64_t latency_ns) {
  LiveSecond second;
  second.offered = second.sent = second.received = received;
  second.errors = 1;
  if (received > 0) second.response.Record(latency_ns, received);
  return second;
}

TEST(Timeline, CountsFromTheEndOfTheWarmUp) {
  Timeline timeline(1.5);
  timeline.Append(0, MakeSecond(10, 1'000'000));
  timeline.Append(1, MakeSecond(20, 2'000'000));
  ASSERT_EQ(timeline.rows().size(), 2u);
  EXPECT_DOUBLE_EQ(timeline.rows()[0].at_s, -0.5);
  EXPECT_DOUBLE_EQ(timeline.rows()[1].at_s, 0.5);
  EXPECT_EQ(timeline.rows()[1].received, 20u);
  EXPECT_EQ(timeline.rows()[1].response_p50_ns, 2'000'000);
}

TEST(Timeline, AddsUpASecondThatComesInPiecesInAnyOrder) {
  Timeline timeline(0);
  timeline.Append(1, MakeSecond(100, 1'000'000));
  timeline.Append(0, MakeSecond(7, 5'000'000));
  timeline.Append(1, MakeSecond(3, 9'000'000));
  ASSERT_EQ(timeline.rows().size(), 2u);
  EXPECT_DOUBLE_EQ(timeline.rows()[0].at_s, 1);
  const report::Second& second = timeline.rows()[1];
  EXPECT_EQ(second.received, 103u);
  EXPECT_EQ(second.errors, 2u);
  EXPECT_EQ(second.response_p50_ns, 1'000'000);  // Of the larger piece.
  uint64_t heat = 0;
  for (const uint64_t cell : second.heat) heat += cell;
  EXPECT_EQ(heat, 103u);
}

TEST(Timeline, ChargesTheBrokerOnlyWhereBothEndsOfTheSecondWereLookedAt) {
  Timeline timeline(0);
  timeline.Look(0, {.cpu_ns = 1'000'000'000, .rss_bytes = 1});
  timeline.Look(1, {.cpu_ns = 1'250'000'000, .rss_bytes = 2});
  timeline.Look(3, {.cpu_ns = 9'000'000'000, .rss_bytes = 3});
  timeline.Look(4, {.cpu_ns = 9'500'000'000, .rss_bytes = 4});
  for (int64_t index = 0; index < 5; ++index) timeline.Append(index, MakeSecond(1, 1'000));
  const std::vector<report::Second>& rows = timeline.rows();
  EXPECT_DOUBLE_EQ(rows[0].broker_cpu_cores, 0.25);
  EXPECT_EQ(rows[0].broker_rss_bytes, 2u);
  EXPECT_DOUBLE_EQ(rows[1].broker_cpu_cores, 0);  // Nobody looked when it ended,
  EXPECT_DOUBLE_EQ(rows[2].broker_cpu_cores, 0);  // nor when this one began.
  EXPECT_DOUBLE_EQ(rows[3].broker_cpu_cores, 0.5);
  EXPECT_EQ(rows[4].broker_rss_bytes, 0u);
}

}  // namespace
}  // namespace ringmq::load
