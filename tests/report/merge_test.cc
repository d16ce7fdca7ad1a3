// SPDX-License-Identifier: Apache-2.0
#include "report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "report/result_json.h"
#include "report/sample.h"

namespace ringmq::report {
namespace {

TEST(Merge, LeavesASingleResultAsItIs) {
  const std::array parts = {SampleResult({.seconds = 3})};
  EXPECT_EQ(ToJson(Merge(parts)), ToJson(parts[0]));
}

TEST(Merge, EqualsRecordingEverythingInOne) {
  std::array<Result, 3> parts;
  Result all;
  for (uint64_t i = 0; i < 30'000; ++i) {
    parts[i % 3].histograms[Metric::kResponse].Record(SampleLatency(i, 1));
    parts[i % 3].counters.received++;
    all.histograms[Metric::kResponse].Record(SampleLatency(i, 1));
    all.counters.received++;
  }
  const Result merged = Merge(parts);
  EXPECT_EQ(merged.histograms[Metric::kResponse].Encode(),
            all.histograms[Metric::kResponse].Encode());
  EXPECT_EQ(merged.counters.received, all.counters.received);
  EXPECT_EQ(merged.processes, 3u);
}

TEST(Merge, AddsCountsAndKeepsTheLongestPhase) {
  std::array parts = {SampleResult({.seconds = 3}), SampleResult({.seconds = 4})};
  parts[1].errors.by_reason[0x80] = 1;
  const Result merged = Merge(parts);
  EXPECT_EQ(merged.counters.sent, 140'000u);
  EXPECT_EQ(merged.integrity.lost, 6u);
  EXPECT_EQ(merged.connections, 500u);
  EXPECT_EQ(merged.rates.sent_per_s, 40'000);
  EXPECT_EQ(merged.phases.measure_s, 4);
  EXPECT_EQ(merged.errors.by_reason.at(0x97), 8u);
  EXPECT_EQ(merged.errors.by_reason.at(0x80), 1u);
  EXPECT_EQ(merged.errors.connect_errors.at("Connection refused"), 4u);
}

TEST(Merge, AddsTheHistogramsOfTheSameSecond) {
  std::array<Result, 2> parts;
  measure::Histogram histogram;
  histogram.Record(1'000'000, 5);
  for (Result& part : parts) {
    part.intervals.emplace_back(Interval{.at_s = 1}).histograms[Metric::kAck] = histogram.Encode();
  }
  parts[0].intervals.back().histograms[Metric::kService] = histogram.Encode();
  parts[1].intervals.emplace_back(Interval{.at_s = 2}).histograms[Metric::kAck] =
      histogram.Encode();
  const Result merged = Merge(parts);
  ASSERT_EQ(merged.intervals.size(), 2u);
  EXPECT_EQ(merged.intervals[0].histograms[Metric::kService], histogram.Encode());
  EXPECT_EQ(merged.intervals[1].histograms[Metric::kAck], histogram.Encode());
  histogram.Record(1'000'000, 5);
  EXPECT_EQ(merged.intervals[0].histograms[Metric::kAck], histogram.Encode());
}

TEST(Merge, LaysSecondsOverEachOtherByTheirTime) {
  std::array parts = {SampleResult({.seconds = 3}), SampleResult({.slower = 3, .seconds = 4})};
  for (Second& second : parts[1].series) second.at_s += 0.2;  // Not quite the same instant.
  const Result merged = Merge(parts);
  ASSERT_EQ(merged.series.size(), 4u);
  EXPECT_EQ(merged.series[0].sent, 40'000u);
  EXPECT_EQ(merged.series[3].sent, 20'000u);
  EXPECT_EQ(merged.series[0].response_p99_ns, parts[1].series[0].response_p99_ns);
  EXPECT_GT(merged.series[0].response_p50_ns, parts[0].series[0].response_p50_ns);
  EXPECT_LT(merged.series[0].response_p50_ns, parts[1].series[0].response_p50_ns);
}

TEST(Merge, CountsTheBrokerOnceAndDividesByAllMessages) {
  std::array parts = {SampleResult({.seconds = 3}), SampleResult({.seconds = 3})};
  parts[1].broker->cpu_s = 120;
  const Result merged = Merge(parts);
  EXPECT_EQ(merged.broker->cpu_s, 120);
  EXPECT_NEAR(merged.broker->cpu_s_per_million, 120 * 1e6 / (2 * 59'997), 1e-6);
  EXPECT_NEAR(merged.broker->rss_bytes_per_connection, 183.0 * (1 << 20) / 500, 1e-6);
  EXPECT_EQ(merged.generator.cpu_s, 25);
}

TEST(Merge, TakesTheLongerOfTwoTimesAndTheSumOfTwoRates) {
  std::array<Result, 2> parts;
  parts[0].scalars = {{"drain_s", 3}, {"retained_per_s", 10}, {"first_ns", 5}};
  parts[1].scalars = {{"drain_s", 4}, {"retained_per_s", 20}, {"first_ns", 4}, {"only", 1}};
  const std::map<std::string, double> expected = {
      {"drain_s", 4}, {"retained_per_s", 30}, {"first_ns", 5}, {"only", 1}};
  EXPECT_EQ(Merge(parts).scalars, expected);
}

TEST(Merge, KeepsEachNoteOnce) {
  std::array<Result, 3> parts;
  parts[0].notes = {"a"};
  parts[1].notes = {"b", "a"};
  parts[2].notes = {"b"};
  EXPECT_EQ(Merge(parts).notes, (std::vector<std::string>{"a", "b"}));
}

TEST(Merge, TakesTheWorstVerdictAndSaysWhoseItWas) {
  std::array<Result, 3> parts;
  parts[0].verdict = {measure::Verdict::kValid, "VALID"};
  parts[1].verdict = {measure::Verdict::kGeneratorLimited, "INVALID, generator-limited"};
  parts[2].verdict = {measure::Verdict::kTargetLimited, "VALID, target-limited at 1k/s"};
  EXPECT_EQ(Merge(parts).verdict.text, "INVALID, generator-limited, in process 2 of 3");

  parts[1].verdict = parts[0].verdict;
  for (Result& part : parts) part.rates.received_per_s = 1'000;
  EXPECT_THAT(Merge(parts).verdict.text, ::testing::StartsWith("VALID, target-limited at 3"));
}

TEST(Merge, LeavesAssertionsToBeJudgedOnTheWhole) {
  const std::array parts = {SampleResult({.seconds = 1}), SampleResult({.seconds = 1})};
  EXPECT_TRUE(Merge(parts).assertions.empty());
}

}  // namespace
}  // namespace ringmq::report
