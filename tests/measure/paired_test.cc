// SPDX-License-Identifier: Apache-2.0
#include "measure/paired.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace ringmq::measure {
namespace {

// Around `middle`, up to `spread` (a part of it) to either side.
std::vector<double> Runs(base::Random& random, size_t count, double middle, double spread) {
  std::vector<double> runs;
  for (size_t i = 0; i < count; ++i) {
    const double unit = static_cast<double>(random.Below(2'001)) / 1'000 - 1;
    runs.push_back(middle * (1 + spread * unit));
  }
  return runs;
}

Comparative::Kind KindOf(double low, double high, Direction direction) {
  return Compare({.estimate = (low + high) / 2, .low = low, .high = high}, direction).kind;
}

TEST(Median, IsTheMiddleOrTheMeanOfTheMiddle) {
  EXPECT_EQ(Median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_EQ(Median(std::vector<double>{4, 1, 3, 2}), 2.5);
  EXPECT_EQ(Median(std::vector<double>{7}), 7);
}

TEST(MedianInterval, LiesAroundTheMedianAndNeedsFiveRuns) {
  base::Random random(3);
  const std::vector<double> runs = Runs(random, 30, 100, 0.1);
  const Ratio median = MeasureMedian(runs, {});
  EXPECT_EQ(median.estimate, Median(runs));
  EXPECT_LE(median.low, median.estimate);
  EXPECT_GE(median.high, median.estimate);
  EXPECT_GT(median.low, 90);
  EXPECT_LT(median.high, 110);
  EXPECT_LT(median.low, median.high);
  EXPECT_FALSE(MeasureMedian(std::vector<double>{1, 2, 3, 4}, {}).usable());
  EXPECT_TRUE(MeasureMedian(std::vector<double>{1, 2, 3, 4, 5}, {}).usable());
  EXPECT_FALSE(MeasureMedian(std::vector<double>{1, 2, 0, 4, 5}, {}).usable());
}

TEST(Comparison, LooksAtTheWholeInterval) {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kHigher = Direction::kHigherIsBetter;
  EXPECT_EQ(KindOf(0.80, 0.90, kLower), Comparative::kBetter);
  EXPECT_EQ(KindOf(0.80, 0.90, kHigher), Comparative::kWorse);
  EXPECT_EQ(KindOf(1.10, 1.20, kLower), Comparative::kWorse);
  EXPECT_EQ(KindOf(1.10, 1.20, kHigher), Comparative::kBetter);
  EXPECT_EQ(KindOf(0.96, 1.04, kLower), Comparative::kEquivalent);
  EXPECT_EQ(KindOf(1.01, 1.04, kLower), Comparative::kEquivalent);  // Certain, but not worth it.
  EXPECT_EQ(KindOf(1.01, 1.20, kLower), Comparative::kWorse);
  EXPECT_EQ(KindOf(0.90, 1.01, kLower), Comparative::kCannotTell);
  EXPECT_EQ(KindOf(0.50, 2.00, kHigher), Comparative::kCannotTell);
}

TEST(Comparison, SaysHowMuchAndHowSure) {
  EXPECT_EQ(Compare({.estimate = 0.88, .low = 0.85, .high = 0.92}, Direction::kLowerIsBetter).text,
            "better: -12.0 % (-15.0 to -8.0 %)");
  EXPECT_EQ(Compare({.estimate = 1, .low = 0.99, .high = 1.01}, Direction::kLowerIsBetter).text,
            "equivalent within ±5 %: +0.0 % (-1.0 to +1.0 %)");
}

TEST(Comparison, CannotTellFromTooFewRunsOrFromZeros) {
  const std::vector<double> few = {1, 2, 3, 4};
  const std::vector<double> zeros = {1, 1, 1, 1, 0};
  const std::vector<double> good = {1, 1, 1, 1, 1};
  for (const std::vector<double>* bad : {&few, &zeros}) {
    EXPECT_FALSE(MeasureRatio(*bad, good, {}).usable());
    EXPECT_FALSE(MeasureRatio(good, *bad, {}).usable());
  }
  EXPECT_EQ(Compare({}, Direction::kLowerIsBetter).kind, Comparative::kCannotTell);
}

TEST(Ratio, IsTheSameForTheSameSeed) {
  base::Random random(1);
  const std::vector<double> baseline = Runs(random, 9, 100, 0.2);
  const std::vector<double> candidate = Runs(random, 7, 100, 0.2);
  const Ratio first = MeasureRatio(baseline, candidate, {.seed = 5});
  const Ratio again = MeasureRatio(baseline, candidate, {.seed = 5});
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_LE(first.low, first.estimate);
  EXPECT_GE(first.high, first.estimate);
}

// Property: over many experiments with a known truth, the interval holds it about as often as it
// promises. Medians of ten runs are coarse, hence the wide margin.
TEST(Ratio, HoldsTheTruthAsOftenAsItPromises) {
  base::Random random(2);
  int held = 0;
  constexpr int kExperiments = 400;
  for (int i = 0; i < kExperiments; ++i) {
    const std::vector<double> baseline = Runs(random, 10, 100, 0.1);
    const std::vector<double> candidate = Runs(random, 10, 120, 0.1);
    const Ratio ratio =
        MeasureRatio(baseline, candidate, {.seed = static_cast<uint64_t>(i), .resamples = 500});
    held += ratio.low <= 1.2 && ratio.high >= 1.2 ? 1 : 0;
  }
  EXPECT_GT(held, kExperiments * 90 / 100);
  EXPECT_LT(held, kExperiments);
}

// A machine that gets slower during the experiment hides a difference of 10 % unless runs that
// stood beside each other are compared.
TEST(Ratio, CancelsDriftWhenPaired) {
  base::Random random(3);
  std::vector<double> baseline = Runs(random, 12, 100, 0.01);
  std::vector<double> candidate = Runs(random, 12, 90, 0.01);
  for (size_t i = 0; i < baseline.size(); ++i) {
    const double drift = 1 + 0.1 * static_cast<double>(i);
    baseline[i] *= drift;
    candidate[i] *= drift;
  }
  const Ratio loose = MeasureRatio(baseline, candidate, {});
  const Ratio paired = MeasureRatio(baseline, candidate, {.pairing = Pairing::kPaired});
  EXPECT_EQ(Compare(loose, Direction::kLowerIsBetter).kind, Comparative::kCannotTell);
  EXPECT_EQ(Compare(paired, Direction::kLowerIsBetter).kind, Comparative::kBetter);
  EXPECT_NEAR(paired.estimate, 0.9, 0.01);
}

}  // namespace
}  // namespace ringmq::measure
