// SPDX-License-Identifier: Apache-2.0
#include "measure/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"

namespace ringmq::measure {
namespace {

// Times of every size: uniform in the logarithm, as latencies are.
int64_t RandomTime(base::Random& random) {
  const uint64_t bits = 10 + random.Below(31);
  return static_cast<int64_t>((uint64_t{1} << bits) + random.Below(uint64_t{1} << bits));
}

// What ValueAtPercentile promises, by the plain method.
int64_t NaivePercentile(const std::vector<int64_t>& sorted, double percentile) {
  const auto rank = static_cast<size_t>(
      std::ceil(percentile * 1000 * static_cast<double>(sorted.size()) / 100'000));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

// Differential, on samples of several sizes and seeds.
TEST(Histogram, FindsPercentilesLikeASortedVector) {
  for (const size_t samples : {1, 2, 3, 10, 999, 1000, 1001, 50'000}) {
    base::Random random(samples);
    Histogram histogram;
    std::vector<int64_t> twin;
    for (size_t i = 0; i < samples; ++i) {
      twin.push_back(RandomTime(random));
      histogram.Record(twin.back());
    }
    std::sort(twin.begin(), twin.end());
    ASSERT_EQ(histogram.count(), twin.size());
    ASSERT_EQ(histogram.min(), twin.front());
    ASSERT_EQ(histogram.max(), twin.back());
    for (const double percentile : {0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      const int64_t exact = NaivePercentile(twin, percentile);
      const int64_t found = histogram.ValueAtPercentile(percentile);
      ASSERT_GE(found, exact) << percentile << " of " << samples;
      ASSERT_LE(found, exact + exact / 1024) << percentile << " of " << samples;
    }
  }
}

TEST(Histogram, KeepsTheMeanExactly) {
  Histogram histogram;
  histogram.Record(1'001, 3);
  histogram.Record(3'599'999'999'999, 2'000'000'000'000);
  const double expected = (3 * 1'001.0 + 3'599'999'999'999.0 * 2e12) / (2e12 + 3);
  EXPECT_DOUBLE_EQ(histogram.mean(), expected);
}

// Every bucket begins where the one before it ended, and none is wider than a thousandth.
TEST(Histogram, HasBucketsWithoutGapsOrOverlaps) {
  Histogram histogram;
  for (int64_t ns = 900; ns < 5'000; ++ns) histogram.Record(ns);
  for (int64_t ns = 5'000; ns < Histogram::kHighestNs; ns += ns / 2100) histogram.Record(ns);
  int64_t next = 0;
  histogram.ForEachBucket([&](int64_t low, int64_t high, uint64_t count) {
    ASSERT_EQ(low, next);
    ASSERT_GE(high, low);
    ASSERT_GT(count, 0u);
    if (low > 0) {
      ASSERT_LE(high - low + 1, low / 1024 + 1);
    }
    next = high + 1;
  });
  EXPECT_GT(next, Histogram::kHighestNs - Histogram::kHighestNs / 1000);
}

TEST(Histogram, CountsNegativeTimesApart) {
  Histogram histogram;
  histogram.Record(-1);
  histogram.Record(-5'000, 2);
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.negative(), 3u);
  EXPECT_EQ(histogram.ValueAtPercentile(50), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(Histogram, SaturatesAboveAnHourAndSaysSo) {
  Histogram histogram;
  histogram.Record(Histogram::kHighestNs);
  EXPECT_EQ(histogram.saturated(), 0u);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.saturated(), 1u);
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.max(), INT64_MAX);
  EXPECT_EQ(histogram.CountBetween(0, INT64_MAX), 2u);
}

TEST(Histogram, PutsTimesBelowAMicrosecondInTheFirstBucket) {
  Histogram histogram;
  histogram.Record(0);
  histogram.Record(999);
  histogram.Record(1'000);
  EXPECT_EQ(histogram.CountBetween(0, 999), 2u);
  EXPECT_EQ(histogram.CountBetween(1'000, 1'000), 1u);
  EXPECT_EQ(histogram.min(), 0);
}

TEST(Histogram, DividesItsSamplesAmongAdjacentRanges) {
  base::Random random(7);
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) histogram.Record(RandomTime(random));
  for (int round = 0; round < 100; ++round) {
    const int64_t low = RandomTime(random);
    const int64_t high = low + RandomTime(random);
    EXPECT_EQ(histogram.CountBetween(0, low - 1) + histogram.CountBetween(low, high) +
                  histogram.CountBetween(high + 1, INT64_MAX),
              histogram.count());
  }
  EXPECT_EQ(histogram.CountBetween(5, 4), 0u);
  EXPECT_EQ(histogram.CountBetween(-9, -1), 0u);
}

// The rule is in the header; here are its edges.
TEST(Histogram, SupportsAPercentileWithAHundredSamplesBeyondIt) {
  const struct {
    double percentile;
    uint64_t least;
  } kEdges[] = {{0, 100},
                {50, 100},
                {75, 400},
                {99, 10'000},
                {99.9, 100'000},
                {99.99, 1'000'000},
                {99.999, 10'000'000},
                {100, 1}};
  for (const auto& edge : kEdges) {
    Histogram histogram;
    if (edge.least > 1) histogram.Record(5'000, edge.least - 1);
    EXPECT_FALSE(histogram.Supports(edge.percentile)) << edge.percentile;
    histogram.Record(5'000);
    EXPECT_TRUE(histogram.Supports(edge.percentile)) << edge.percentile;
  }
}

TEST(Histogram, MergesAsIfOneHadRecordedAll) {
  base::Random random(3);
  Histogram whole;
  Histogram merged;
  for (int part = 0; part < 4; ++part) {
    Histogram one;
    for (int i = 0; i < 1'000 * part; ++i) {
      const int64_t ns = RandomTime(random) - 1'100;  // A few are negative.
      whole.Record(ns);
      one.Record(ns);
    }
    merged.Merge(one);
  }
  whole.Record(INT64_MAX);
  Histogram one;
  one.Record(INT64_MAX);
  merged.Merge(one);
  EXPECT_EQ(merged.Encode(), whole.Encode());
  EXPECT_GT(merged.negative(), 0u);
}

// Copies at any time, merged in their order: nothing is lost between two of them, not even an end.
TEST(Histogram, IsThePartsThatCameSinceEachCopy) {
  base::Random random(8);
  for (int run = 0; run < 50; ++run) {
    Histogram whole;
    Histogram before;
    Histogram merged;
    for (int part = 0; part < 10; ++part) {
      const uint64_t samples = random.Below(4) * random.Below(100);
      for (uint64_t i = 0; i < samples; ++i) whole.Record(RandomTime(random) - 1'100);
      if (part == 7) whole.Record(INT64_MAX);
      const Histogram news = whole.Since(before);
      EXPECT_EQ(news.count(), whole.count() - before.count());
      // What is written can be read: its ends are in the buckets that they should be in.
      const absl::StatusOr<Histogram> read = Histogram::Decode(news.Encode());
      ASSERT_TRUE(read.ok()) << read.status();
      merged.Merge(*read);
      EXPECT_EQ(merged.Encode(), whole.Encode());
      before = whole;
    }
  }
}

TEST(Histogram, IsLikeNewAfterClear) {
  base::Random random(4);
  Histogram histogram;
  for (int i = 0; i < 1'000; ++i) histogram.Record(RandomTime(random) - 1'100);
  histogram.Record(INT64_MAX);
  histogram.Clear();
  EXPECT_EQ(histogram.Encode(), Histogram().Encode());
  histogram.Record(4'000);
  EXPECT_EQ(histogram.ValueAtPercentile(1), 4'000);
  EXPECT_EQ(histogram.CountBetween(0, INT64_MAX), 1u);
}

TEST(Histogram, ReadsBackWhatItWrote) {
  base::Random random(5);
  for (const int samples : {0, 1, 100, 20'000}) {
    Histogram histogram;
    histogram.Record(-1);
    for (int i = 0; i < samples; ++i) histogram.Record(RandomTime(random), 1 + random.Below(3));
    if (samples > 1) histogram.Record(INT64_MAX);
    const std::string text = histogram.Encode();
    const absl::StatusOr<Histogram> copy = Histogram::Decode(text);
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_EQ(copy->Encode(), text);
    EXPECT_EQ(copy->count(), histogram.count());
    EXPECT_EQ(copy->saturated(), histogram.saturated());
    EXPECT_EQ(copy->negative(), 1u);
    EXPECT_EQ(copy->mean(), histogram.mean());
    EXPECT_EQ(copy->ValueAtPercentile(90), histogram.ValueAtPercentile(90));
  }
}

TEST(Histogram, ForgetsNothingWhenEmptyAndWritesLittle) {
  EXPECT_EQ(Histogram().Encode(), "h1;0;0;0;0;0;0;");
  Histogram histogram;
  histogram.Record(1'000, 5);
  histogram.Record(1'002);
  EXPECT_EQ(histogram.Encode(), "h1;1000;1002;0;6002;0;0;1:5,2");
}

TEST(Histogram, RefusesTextThatContradictsItself) {
  for (const char* text : {
           "",
           "h",
           "h2;0;0;0;0;0;0;",
           "h1;0;0;0;0;0",
           "h1;x;0;0;0;0;0;",
           "h1;-1;0;0;0;0;0;",
           "h1;1000;1002;0;6002;0;0;1:5,x",                     // Not a number.
           "h1;1000;1002;0;6002;0;0;1:5,0",                     // The same bucket twice.
           "h1;1000;1002;0;6002;0;0;1:0,2",                     // An empty bucket.
           "h1;1000;1002;0;6002;0;0;1:5,99999999",              // No such bucket.
           "h1;1000;1002;0;6002;0;0;1:18446744073709551615,2",  // More than can be counted.
           "h1;1001;1002;0;6002;0;0;1:5,2",                     // Not the least.
           "h1;1000;1003;0;6002;0;0;1:5,2",                     // Not the greatest.
           "h1;1000;1002;0;6002;0;1;1:5,2",                     // Nothing is that large.
           "h1;9223372036854775808;1002;0;6002;0;0;1:5,2",
       }) {
    EXPECT_FALSE(Histogram::Decode(text).ok()) << text;
  }
}

// Method: damage good text at random; whatever is accepted must be safe to use.
TEST(Histogram, SurvivesDamagedText) {
  base::Random random(6);
  Histogram histogram;
  for (int i = 0; i < 20; ++i) histogram.Record(RandomTime(random));
  const std::string good = histogram.Encode();
  constexpr std::string_view kLetters = "0123456789;:,h-";
  for (int round = 0; round < 3'000; ++round) {
    std::string text = good;
    for (uint64_t i = random.Below(4); i > 0; --i) {
      text[random.Below(text.size())] = kLetters[random.Below(kLetters.size())];
    }
    absl::StatusOr<Histogram> copy = Histogram::Decode(text);
    if (!copy.ok()) continue;
    EXPECT_EQ(copy->CountBetween(0, INT64_MAX), copy->count());
    copy->Record(1);
    copy->Clear();
  }
}

}  // namespace
}  // namespace ringmq::measure
