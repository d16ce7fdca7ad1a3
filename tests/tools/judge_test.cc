// Every metric that an assertion may name, looked up in a result in which each has a value of its
// own.
//
// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <gtest/gtest.h>

#include <string>

namespace ringmq::bench {
namespace {

using report::Metric;

TEST(Judge, FindsEveryTime) {
  report::Result result;
  const auto value_of = [](size_t metric) { return static_cast<int64_t>(1 + metric) * 1'000'000; };
  for (size_t i = 0; i < report::kMetricCount; ++i) {
    result.histograms[static_cast<Metric>(i)].Record(value_of(i));
  }
  const auto expect = [&](const std::string& time, Metric metric) {
    const auto assertions = ParseAssertions({"max(" + time + ")<1h"});
    ASSERT_TRUE(assertions.ok()) << assertions.status();
    EXPECT_EQ(ValueOf(result, assertions->front().metric), value_of(static_cast<size_t>(metric)))
        << time;
  };
  expect("e2e", Metric::kResponse);
  expect("lag", Metric::kSendLag);
  expect("first", Metric::kFirstMessage);
  expect("last", Metric::kLastMessage);
  for (const Metric metric :
       {Metric::kResponse, Metric::kService, Metric::kAck, Metric::kConnectTcp, Metric::kConnectTls,
        Metric::kConnectWs, Metric::kConnack, Metric::kSuback, Metric::kConnectLag,
        Metric::kWill}) {
    expect(report::MetricName(metric), metric);
  }
}

TEST(Judge, FindsEveryRateAndCount) {
  report::Result result;
  result.rates = {.offered_per_s = 1, .sent_per_s = 2, .acked_per_s = 3, .received_per_s = 4};
  result.integrity = {.lost = 5,
                      .lost_permitted = 6,
                      .duplicates = 7,
                      .reordered = 8,
                      .corrupt = 9,
                      .misrouted = 10,
                      .wrong_qos = 11,
                      .foreign = 12};
  result.errors.by_reason[0x87] = 6;
  result.errors.connect_errors["refused"] = 7;
  result.broker = {.cpu_s_per_million = 14, .rss_bytes_per_connection = 15};
  double expected = 1;
  for (const char* const metric :
       {"offered_rate", "sent_rate", "acked_rate", "rate", "loss", "loss_permitted", "duplicates",
        "reordered", "corrupt", "misrouted", "wrong_qos", "foreign", "errors", "cpu_per_million",
        "rss_per_connection"}) {
    const auto assertions = ParseAssertions({std::string(metric) + "<1k"});
    ASSERT_TRUE(assertions.ok()) << assertions.status();
    EXPECT_EQ(ValueOf(result, assertions->front().metric), expected++) << metric;
    JudgeBy(*assertions, result);
    EXPECT_TRUE(result.assertions.front().known && result.assertions.front().holds) << metric;
  }
}

// A bound from above would hold of what nobody measured, if zero were a value.
TEST(Judge, KnowsNothingOfWhatWasNotMeasured) {
  report::Result result;
  for (const char* const metric : {"cpu_per_million", "rss_per_connection", "max(connect_tls)"}) {
    EXPECT_EQ(ValueOf(result, metric), std::nullopt);
  }
  result.broker.emplace();
  for (const char* const metric : {"cpu_per_million", "rss_per_connection"}) {
    EXPECT_EQ(ValueOf(result, metric), std::nullopt);
  }
}

}  // namespace
}  // namespace ringmq::bench
