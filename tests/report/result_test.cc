// SPDX-License-Identifier: Apache-2.0
#include "report/result.h"

#include <gtest/gtest.h>

namespace ringmq::report {
namespace {

TEST(ReasonName, KnowsTheFirstAndTheLastAndNothingBeyond) {
  EXPECT_STREQ(ReasonName(0x80), "Unspecified error");
  EXPECT_STREQ(ReasonName(0x97), "Quota exceeded");
  EXPECT_STREQ(ReasonName(0xA2), "Wildcard Subscriptions not supported");
  EXPECT_STREQ(ReasonName(0xA3), "unknown");
  EXPECT_STREQ(ReasonName(0x00), "unknown");
}

TEST(HeatCell, BeginsWhereItsLowEndSays) {
  for (size_t cell = 1; cell < kHeatCells; ++cell) {
    EXPECT_EQ(HeatCellOf(HeatCellLowNs(cell)), cell);
    EXPECT_EQ(HeatCellOf(HeatCellLowNs(cell) - 1), cell - 1);
  }
}

TEST(HeatCell, TakesAllLatenciesThereAre) {
  EXPECT_EQ(HeatCellOf(0), 0u);
  EXPECT_EQ(HeatCellOf(INT64_MAX), kHeatCells - 1);
}

TEST(HeatColumn, HoldsEachSampleOfTheHistogram) {
  measure::Histogram histogram;
  for (int64_t ns = 1'000; ns < 100'000'000'000; ns *= 2) histogram.Record(ns, 3);
  uint64_t sum = 0;
  for (const uint64_t count : HeatOf(histogram)) sum += count;
  EXPECT_EQ(sum, histogram.count());
}

}  // namespace
}  // namespace ringmq::report
