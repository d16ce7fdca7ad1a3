// SPDX-License-Identifier: Apache-2.0
#include "report/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ringmq::report {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

// Those that are written; the others are lines only.
std::vector<std::string> Labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) {
    if (!tick.label.empty()) labels.push_back(tick.label);
  }
  return labels;
}

TEST(Axis, WritesRoundNumbersWithTheirUnit) {
  EXPECT_THAT(Labels(CountAxis("", 20'000)), ElementsAre("0", "5k", "10k", "15k", "20k", "25k"));
  EXPECT_THAT(Labels(CountAxis("", 0.3)), ElementsAre("0", "0.1", "0.2", "0.3", "0.4"));
  EXPECT_THAT(Labels(TimeAmountAxis("", 8e3)),
              ElementsAre("0", "2µs", "4µs", "6µs", "8µs", "10µs"));
  EXPECT_THAT(Labels(BytesAxis("", 200 << 20)),
              ElementsAre("0", "50 MiB", "100 MiB", "150 MiB", "200 MiB", "250 MiB"));
  EXPECT_THAT(Labels(ShareAxis("", 0.19)), ElementsAre("0", "5 %", "10 %", "15 %", "20 %"));
}

TEST(Axis, IsLogarithmicWhereTimesDifferByMuchAndSaysSo) {
  const Axis wide = LatencyAxis("latency", 100e3, 70e6);
  EXPECT_THAT(wide.title, EndsWith("(logarithmic)"));
  EXPECT_THAT(Labels(wide), ElementsAre("100µs", "1ms", "10ms", "100ms"));
  EXPECT_NEAR(wide.scale.Of(1e6), 1.0 / 3, 1e-9);
  EXPECT_THAT(Labels(LatencyAxis("", 30e3, 900e3)),
              ElementsAre("20µs", "50µs", "100µs", "200µs", "500µs", "1ms"));
  const Axis narrow = LatencyAxis("latency", 100e3, 140e3);
  EXPECT_EQ(narrow.title, "latency");
  EXPECT_THAT(Labels(narrow), ElementsAre("0", "50µs", "100µs", "150µs"));
}

TEST(Axis, EveryNineOfAPercentileIsAsWideAsTheOneBefore) {
  const Axis axis = PercentileAxis("", 1e5);
  EXPECT_THAT(Labels(axis), ElementsAre("p0", "p50", "p90", "p99", "p99.9", "p99.99", "p99.999"));
  EXPECT_NEAR(axis.scale.Of(PercentilePlace(99)), 0.4, 1e-9);
  EXPECT_NEAR(axis.scale.Of(PercentilePlace(99.9)), 0.6, 1e-9);
}

TEST(Axis, CountsTimeAsAClockDoes) {
  EXPECT_THAT(Labels(ClockAxis("", -1, 3)),
              ElementsAre("-1s", "-0.5s", "0", "0.5s", "1s", "1.5s", "2s", "2.5s", "3s"));
  EXPECT_THAT(Labels(ClockAxis("", 0, 60)),
              ElementsAre("0", "10s", "20s", "30s", "40s", "50s", "1m"));
  EXPECT_THAT(Labels(ClockAxis("", 0, 5'400)),
              ElementsAre("0", "10m", "20m", "30m", "40m", "50m", "1h", "1h10m", "1h20m", "1h30m"));
  EXPECT_EQ(BriefClock(-90), "-1m30s");
}

// A result file may hold any number. Every axis has to come out with few ticks, all of them on it.
TEST(Axis, StandsWhatMakesNoSense) {
  const double numbers[] = {0, 1e-300, 1e-9, 0.7, 1, 999, 1'024, 1e6, 1e18, 1e300};
  for (const double low : numbers) {
    for (const double high : numbers) {
      if (high < low) continue;
      for (const Axis& axis : {LatencyAxis("", low, high), TimeAmountAxis("", high),
                               CountAxis("", high), ShareAxis("", high), BytesAxis("", high),
                               RateAxis("", std::max(low, 1e-300), std::max(high, 1e-300)),
                               ClockAxis("", -low, high + 1)}) {
        EXPECT_LE(axis.ticks.size(), 1'000u) << low << " " << high;
        for (const Tick& tick : axis.ticks) {
          EXPECT_TRUE(std::isfinite(axis.scale.Of(tick.at))) << low << " " << high;
        }
        EXPECT_LE(axis.scale.Of(high), 1);
      }
    }
  }
}

}  // namespace
}  // namespace ringmq::report
