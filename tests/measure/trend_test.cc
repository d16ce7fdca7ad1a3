// SPDX-License-Identifier: Apache-2.0
#include "measure/trend.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace ringmq::measure {
namespace {

// A line with noise of up to `noise` to either side.
std::vector<TrendPoint> Line(base::Random& random, size_t count, double slope, double noise) {
  std::vector<TrendPoint> points;
  for (size_t i = 0; i < count; ++i) {
    const double unit = static_cast<double>(random.Below(2'001)) / 1'000 - 1;
    const double at_s = static_cast<double>(i) * 60;
    points.push_back({.at_s = at_s, .value = 1'000 + slope * at_s + noise * unit});
  }
  return points;
}

TEST(Trend, FindsTheSlopeOfALine) {
  base::Random random(1);
  const Trend exact = MeasureTrend(Line(random, 20, 3, 0));
  EXPECT_DOUBLE_EQ(exact.slope, 3);
  EXPECT_TRUE(exact.rises());
  const Trend noisy = MeasureTrend(Line(random, 60, -2, 300));
  EXPECT_NEAR(noisy.slope, -2, 0.3);
  EXPECT_LE(noisy.low, -2 + 0.3);
  EXPECT_TRUE(noisy.falls());
  EXPECT_FALSE(noisy.rises());
}

// Property: of lines without a slope few are said to have one.
TEST(Trend, SaysNothingOfNoise) {
  base::Random random(2);
  int wrong = 0;
  for (uint64_t run = 0; run < 60; ++run) {
    const Trend trend = MeasureTrend(Line(random, 30, 0, 100), run);
    if (trend.rises() || trend.falls()) ++wrong;
  }
  EXPECT_LE(wrong, 9);
}

TEST(Trend, IsNotTurnedByAnOddWindow) {
  base::Random random(3);
  std::vector<TrendPoint> points = Line(random, 30, 0, 1);
  points.back().value = 1e6;
  EXPECT_NEAR(MeasureTrend(points).slope, 0, 0.01);
}

TEST(Trend, NeedsEnoughPointsAndUsesNotTooMany) {
  base::Random random(4);
  EXPECT_EQ(MeasureTrend(Line(random, kTrendPointsMin - 1, 5, 0)).slope, 0);
  EXPECT_FALSE(MeasureTrend({}).rises());
  EXPECT_DOUBLE_EQ(MeasureTrend(Line(random, 5'000, 1, 0)).slope, 1);
}

}  // namespace
}  // namespace ringmq::measure
