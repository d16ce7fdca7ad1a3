// SPDX-License-Identifier: Apache-2.0
#include "measure/interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ringmq::measure {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

TEST(TimeSeries, TurnsTotalsIntoIntervals) {
  TimeSeries series(5 * kSecondNs);
  Histogram response;
  response.Record(1'100, 99);
  response.Record(1'900, 2);
  Histogram lag;
  lag.Record(1'500);
  series.Append(6 * kSecondNs, {.offered = 100, .sent = 90, .received = 80}, response, lag, {});
  series.Append(8 * kSecondNs,
                {.offered = 300, .sent = 290, .acked = 7, .received = 80, .errors = 1}, Histogram(),
                Histogram(), {});

  ASSERT_EQ(series.intervals().size(), 2u);
  const Interval& first = series.intervals()[0];
  EXPECT_EQ(first.start_ns, 5 * kSecondNs);
  EXPECT_EQ(first.counts, (IntervalCounts{.offered = 100, .sent = 90, .received = 80}));
  EXPECT_EQ(first.response_p50_ns, 1'100);
  EXPECT_EQ(first.response_p99_ns, 1'900);
  EXPECT_EQ(first.send_lag_p99_ns, 1'500);
  EXPECT_FALSE(first.broker_cores.has_value());

  const Interval& second = series.intervals()[1];
  EXPECT_EQ(second.start_ns, 6 * kSecondNs);
  EXPECT_EQ(second.end_ns, 8 * kSecondNs);
  EXPECT_EQ(second.counts, (IntervalCounts{.offered = 200, .sent = 200, .acked = 7, .errors = 1}));
  EXPECT_EQ(second.PerSecond(second.counts.sent), 100);
  EXPECT_FALSE(second.response_p50_ns.has_value());
}

// The first sample has nothing to be compared with; a restart makes the clock fall.
TEST(TimeSeries, MeasuresTheBrokersCoresBetweenSamples) {
  TimeSeries series(0);
  const Histogram none;
  series.Append(1 * kSecondNs, {}, none, none, BrokerSample{.cpu_ns = 10, .rss_bytes = 5});
  series.Append(3 * kSecondNs, {}, none, none, BrokerSample{.cpu_ns = 3 * kSecondNs + 10});
  series.Append(4 * kSecondNs, {}, none, none, BrokerSample{.cpu_ns = 1});
  series.Append(5 * kSecondNs, {}, none, none, std::nullopt);
  series.Append(6 * kSecondNs, {}, none, none, BrokerSample{.cpu_ns = kSecondNs});
  const auto& intervals = series.intervals();
  EXPECT_FALSE(intervals[0].broker_cores.has_value());
  EXPECT_EQ(intervals[0].broker_rss_bytes, 5u);
  EXPECT_EQ(intervals[1].broker_cores, 1.5);
  EXPECT_FALSE(intervals[2].broker_cores.has_value());
  EXPECT_FALSE(intervals[3].broker_rss_bytes.has_value());
  EXPECT_FALSE(intervals[4].broker_cores.has_value());
}

TEST(TimeSeries, KeepsTheWholeOfALongRunInCoarserSteps) {
  TimeSeries series(0);
  IntervalCounts totals;
  const auto count = static_cast<int64_t>(5 * TimeSeries::kIntervalsMax);
  for (int64_t i = 1; i <= count; ++i) {
    totals.sent += 3;
    Histogram response;
    if (i == 1'000) response.Record(77'000);
    series.Append(i * kSecondNs, totals, response, Histogram(),
                  BrokerSample{.cpu_ns = i * kSecondNs / 2, .rss_bytes = static_cast<uint64_t>(i)});
  }
  EXPECT_LE(series.intervals().size(), TimeSeries::kIntervalsMax);
  uint64_t sent = 0;
  int64_t end_ns = 0;
  std::optional<int64_t> worst;
  for (const Interval& interval : series.intervals()) {
    EXPECT_EQ(interval.start_ns, end_ns);
    end_ns = interval.end_ns;
    sent += interval.counts.sent;
    worst = std::max(worst, interval.response_p99_ns);
    EXPECT_NEAR(interval.broker_cores.value(), 0.5, 1e-9);
  }
  EXPECT_EQ(end_ns, count * kSecondNs);
  EXPECT_EQ(sent, totals.sent);
  EXPECT_EQ(worst, 77'000);
}

}  // namespace
}  // namespace ringmq::measure
