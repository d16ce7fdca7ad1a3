// Every metric that an assertion may name, looked up in a result in which each has a value of its
// own.
//
// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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

// What is told of: how the stamps are, what is verified, and then the run and each phase of it.
TEST(Judge, KnowsBeforeTheRunWhatItCannotTell) {
  const auto told = [](const char* stamp, const char* verify, const char* text, OfWhat of_what) {
    report::Result kind;
    kind.stamp = stamp;
    kind.verify = verify;
    const auto assertions = ParseAssertions({text});
    EXPECT_TRUE(assertions.ok());
    const bool can_tell = CanTell(kind, assertions->front(), of_what);
    // What was counted is no answer either.
    const bool is_count = std::string_view(text).find('(') == std::string_view::npos;
    if (is_count && of_what == OfWhat::kRun) {
      EXPECT_EQ(ValueOf(kind, assertions->front().metric).has_value(), can_tell) << text;
    }
    return can_tell;
  };
  for (const char* const text : {"loss==0", "duplicates==0", "corrupt==0", "p99(e2e)<1s"}) {
    EXPECT_TRUE(told("full", "full", text, OfWhat::kRun)) << text;
    EXPECT_TRUE(told("", "", text, OfWhat::kRun)) << text;  // A result of an older mqtt-bench.
  }
  for (const char* const text : {"loss==0", "loss_permitted==0", "surplus==0", "wrong_qos==0"}) {
    EXPECT_TRUE(told("full", "counts", text, OfWhat::kRun)) << text;
    EXPECT_TRUE(told("none", "full", text, OfWhat::kRun)) << text;
    EXPECT_FALSE(told("full", "off", text, OfWhat::kRun)) << text;
  }
  EXPECT_TRUE(told("full", "counts", "corrupt==0", OfWhat::kRun));
  EXPECT_TRUE(told("full", "counts", "loss==0", OfWhat::kPhase));
  for (const char* const text : {"duplicates==0", "reordered==0"}) {
    EXPECT_FALSE(told("full", "counts", text, OfWhat::kRun)) << text;
  }
  for (const char* const text : {"corrupt==0", "duplicates==0", "p99(e2e)<1s", "max(service)<1s"}) {
    EXPECT_FALSE(told("none", "full", text, OfWhat::kRun)) << text;
  }
  EXPECT_FALSE(told("none", "full", "loss==0", OfWhat::kPhase));
  EXPECT_FALSE(told("number", "full", "p99(e2e)<1s", OfWhat::kRun));
  EXPECT_TRUE(told("number", "full", "p99(service)<1s", OfWhat::kRun));
  // Neither has a checksum.
  EXPECT_FALSE(told("number", "full", "corrupt==0", OfWhat::kRun));
  EXPECT_FALSE(told("number", "full", "misrouted==0", OfWhat::kRun));
  EXPECT_FALSE(told("compact", "full", "corrupt==0", OfWhat::kRun));
  EXPECT_TRUE(told("compact", "full", "misrouted==0", OfWhat::kRun));
  EXPECT_TRUE(told("corr", "full", "corrupt==0", OfWhat::kRun));
  for (const char* const text : {"p99(e2e)<1s", "max(ack)<1s", "rate>1", "errors==0"}) {
    EXPECT_TRUE(told("full", "off", text, OfWhat::kRun)) << text;
  }
}

// By a full stamp of somebody else, or by the name of an answer.
TEST(Judge, TellsOfWhatWasFoundCorruptAllTheSame) {
  report::Result result;
  result.stamp = "compact";
  EXPECT_EQ(ValueOf(result, "corrupt"), std::nullopt);
  result.integrity.corrupt = 1;
  EXPECT_EQ(ValueOf(result, "corrupt"), 1);
}

}  // namespace
}  // namespace ringmq::bench
