// SPDX-License-Identifier: Apache-2.0
#include "report/merge_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "report/sample.h"

namespace ringmq::report {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

const Merging kMerging = {.sources = {"a.json", "b.json"}};

std::array<Result, 2> Parts() {
  return {SampleResult({.seconds = 3}), SampleResult({.slower = 2, .seconds = 3})};
}

TEST(MergeHosts, AddsWhatCanBeAdded) {
  const std::array<Result, 2> parts = Parts();
  const auto whole = MergeHosts(parts, kMerging);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->counters.sent, 120'000u);
  EXPECT_EQ(whole->rates.sent_per_s, 40'000);
  EXPECT_EQ(whole->histograms[Metric::kResponse].count(),
            2 * parts[0].histograms[Metric::kResponse].count());
  EXPECT_EQ(whole->integrity.lost, 6u);
  EXPECT_EQ(whole->telemetry.size(), 1u);  // Both looked at the same page.
  EXPECT_THAT(whole->title, HasSubstr("2 generators"));
  EXPECT_EQ(whole->series.size(), 3u);
  EXPECT_EQ(whole->notes[0], parts[0].notes[0]);
}

TEST(MergeHosts, LaysSecondsOverEachOtherByTheClockOnTheWall) {
  std::array<Result, 2> parts = Parts();
  parts[1].start_time = "2026-11-24T04:00:01.900Z";
  parts[1].phases.connect_s += 0.15;  // So it measures 2.05 s later.
  const auto whole = MergeHosts(parts, kMerging);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(whole->series.size(), 5u);
  EXPECT_EQ(whole->series[0].sent, 20'000u);
  EXPECT_EQ(whole->series[2].sent, 40'000u);
  EXPECT_EQ(whole->series[4].sent, 20'000u);
  EXPECT_EQ(whole->phases.measure_s, 5);
  EXPECT_THAT(whole->notes, Contains(HasSubstr("up to 2 s apart")));
  parts[1].start_time = "2026-11-24T05:00:00Z";
  EXPECT_THAT(MergeHosts(parts, kMerging).status().message(), HasSubstr("3600 s apart"));
  Merging forced = kMerging;
  forced.allows_differences = true;
  const auto apart = MergeHosts(parts, forced);
  ASSERT_TRUE(apart.ok());
  EXPECT_THAT(apart->notes, Contains(HasSubstr("one after the other")));
  EXPECT_FALSE(apart->verdict.is_valid());
  EXPECT_EQ(apart->phases.measure_s, 3);  // As the rates, which are sums.
  parts[1].start_time = "";
  EXPECT_THAT(MergeHosts(parts, kMerging)->notes, Contains(HasSubstr("Not all results say")));
}

TEST(MergeHosts, TheConfigurationIsThatOfAll) {
  std::array<Result, 2> parts = Parts();
  parts[0].config.emplace_back("topic", "a/{pub}");
  parts[1].config[0].second = "mqtt://elsewhere";
  parts[1].config[1].second = "1.5k";
  parts[1].title = "another title";
  auto whole = MergeHosts(parts, kMerging);
  ASSERT_TRUE(whole.ok()) << whole.status();
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(whole->config[0], Pair("url", "mqtt://127.0.0.1:1883, mqtt://elsewhere"));
  EXPECT_EQ(whole->config[1], Pair("rate", "21.5k (20k/s + 1.5k)"));
  EXPECT_EQ(whole->config[2], Pair("qos", "1"));
  EXPECT_EQ(whole->config[3], Pair("topic", "a/{pub}, the default"));
  EXPECT_EQ(whole->title, "2 generators: " + parts[0].title + " + another title");
  // One that was merged is merged with a third.
  std::array<Result, 2> again = {*std::move(whole), parts[0]};
  again[1].start_time = "2026-11-24T04:00:00.100Z";
  whole = MergeHosts(again, kMerging);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(whole->title, HasSubstr("3 generators"));
  EXPECT_EQ(whole->config[1].second, "41.5k (21.5k (20k/s + 1.5k) + 20k/s)");
  EXPECT_EQ(whole->config.back().first, "part 3");
}

TEST(MergeHosts, NothingCountsTwice) {
  const std::array<Result, 2> same = {SampleResult({.seconds = 3}), SampleResult({.seconds = 3})};
  Merging forced = kMerging;
  forced.allows_differences = true;
  EXPECT_EQ(MergeHosts(same, forced).status().message(),
            "a.json and b.json are the same result, which would count twice");
}

TEST(MergeHosts, SaysThatGeneratorsHeardEachOther) {
  std::array<Result, 2> parts = Parts();
  const auto is_said = Contains(HasSubstr("not their own generator's"));
  parts[0].integrity.foreign = parts[1].integrity.foreign = 0;
  EXPECT_THAT(MergeHosts(parts, kMerging)->notes, ::testing::Not(is_said));
  parts[1].integrity.foreign = 3'993;
  parts[1].notes.emplace_back("Subscribers heard messages that are not their own (1).");
  const std::vector<std::string> notes = MergeHosts(parts, kMerging)->notes;
  EXPECT_THAT(notes, Contains(HasSubstr("generator's (3 993)")));
  EXPECT_THAT(notes, ::testing::Not(Contains(HasSubstr("their own (1)"))));
}

TEST(MergeHosts, TheVerdictIsTheWorst) {
  std::array<Result, 2> parts = Parts();
  parts[1].verdict = {measure::Verdict::kGeneratorLimited, "INVALID, generator-limited"};
  const auto whole = MergeHosts(parts, kMerging);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->verdict.text, "INVALID, generator-limited, in result 2 of 2");
}

TEST(MergeHosts, RefusesWhatIsNotTheSameUnlessForced) {
  const std::array<Result, 2> same = Parts();
  std::array<Result, 2> parts = same;
  parts[1].config[0].second = "mqtt://elsewhere";  // Each host has its own address of it,
  parts[1].config[1].second = "5k";                // and its part of the rate.
  EXPECT_TRUE(MergeHosts(parts, kMerging).ok());
  const auto refuses = [](const std::array<Result, 2>& results) {
    return std::string(MergeHosts(results, kMerging).status().message());
  };
  parts[1].scenario = "pairs";
  EXPECT_EQ(refuses(parts),
            "a.json and b.json: the scenario differs: pubsub and pairs; --force merges them all "
            "the same");
  parts = same;
  parts[1].qos = 2;
  EXPECT_THAT(refuses(parts), HasSubstr("QoS differs: 1 and 2"));
  parts = same;
  parts[1].config[2].second = "2";
  EXPECT_THAT(refuses(parts), HasSubstr("qos differs"));
  Merging forced = kMerging;
  forced.allows_differences = true;
  const auto whole = MergeHosts(parts, forced);
  ASSERT_TRUE(whole.ok());
  EXPECT_THAT(whole->notes, Contains(HasSubstr("(--force)")));
}

}  // namespace
}  // namespace ringmq::report
