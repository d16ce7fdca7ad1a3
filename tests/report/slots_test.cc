// SPDX-License-Identifier: Apache-2.0
#include "report/slots.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace ringmq::report {
namespace {

TEST(Slots, AreTheSecondsOfAShortRun) {
  const Result result = SampleResult({.seconds = 60});
  const Slots slots = SlotsOf(result);
  ASSERT_EQ(slots.slots.size(), 60u);
  EXPECT_EQ(slots.low_s, 0);
  EXPECT_EQ(slots.high_s, 60);
  EXPECT_EQ(slots.slots[30].received_per_s.mean, 14'000);
  EXPECT_EQ(slots.slots[30].heat, result.series[30].heat);
  EXPECT_EQ(slots.slots[7].lag_p99_ns, result.series[7].lag_p99_ns);
}

TEST(Slots, LoseNothingOfALongRun) {
  const Result result = SampleResult({.seconds = 1'000});
  const Slots slots = SlotsOf(result);
  ASSERT_LE(slots.slots.size(), kSlotsMax);
  EXPECT_EQ(slots.slot_s, 5);
  uint64_t deliveries = 0;
  uint64_t seconds = 0;
  double least = 1e9;
  for (const Slot& slot : slots.slots) {
    seconds += slot.seconds;
    for (const uint64_t count : slot.heat) deliveries += count;
    least = std::min(least, slot.received_per_s.least);
  }
  EXPECT_EQ(seconds, 1'000u);
  EXPECT_EQ(deliveries, 1'000u * 20'000);
  EXPECT_EQ(least, 14'000);  // One bad second among them is still to be seen.
  EXPECT_EQ(slots.slots[6].received_per_s.mean, 18'800);
  EXPECT_EQ(slots.slots[6].received_per_s.most, 20'000);
  EXPECT_EQ(slots.slots[6].errors, 1u);
}

TEST(Slots, AnUnfinishedLastSecondIsNoDropOfTheRate) {
  Result result = SampleResult({.seconds = 3});
  result.phases.measure_s = 2.5;
  result.series[2].received = 10'000;
  EXPECT_EQ(SlotsOf(result).slots[2].received_per_s.mean, 20'000);
}

TEST(Slots, KnowGapsAndSecondsWithoutABroker) {
  Result result = SampleResult({.seconds = 4});
  result.series.erase(result.series.begin() + 1);
  result.series[1].broker_rss_bytes = 0;
  const Slots slots = SlotsOf(result);
  ASSERT_EQ(slots.slots.size(), 4u);
  EXPECT_EQ(slots.slots[1].seconds, 0u);
  EXPECT_EQ(slots.slots[2].seconds, 1u);
  EXPECT_EQ(slots.slots[2].broker_cpu_cores, 0);
  EXPECT_GT(slots.slots[3].broker_cpu_cores, 1);
}

TEST(Slots, AreNoneWithoutSeconds) { EXPECT_TRUE(SlotsOf(Result{}).slots.empty()); }

}  // namespace
}  // namespace ringmq::report
