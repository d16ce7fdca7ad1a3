// SPDX-License-Identifier: Apache-2.0
#include "report/telemetry.h"

#include <gtest/gtest.h>

#include "report/telemetry_tables.h"

namespace ringmq::report {
namespace {

using Kind = TelemetrySample::Kind;

TEST(ParseMetrics, TakesNamesLabelsValuesAndTypes) {
  const auto samples = ParseMetrics(
      "# HELP a_total how many\n# TYPE a_total counter\na_total 17\n"
      "# TYPE b gauge\n  b{x=\"with space, } and \\\" quote\",y=\"2\"} -1.5e3 1395066363000\r\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_sum 0.5\nh_count 3\n"
      "# TYPE odd_count gauge\nodd_count 4\nfree_total 1\nfree 2\n");
  ASSERT_EQ(samples.size(), 8u);
  EXPECT_EQ(samples[0].name, "a_total");
  EXPECT_EQ(samples[0].value, 17);
  EXPECT_EQ(samples[0].kind, Kind::kCounter);
  EXPECT_EQ(samples[1].name, "b{x=\"with space, } and \\\" quote\",y=\"2\"}");
  EXPECT_EQ(samples[1].value, -1500);
  EXPECT_EQ(samples[1].kind, Kind::kGauge);
  EXPECT_EQ(samples[2].name, "h_bucket{le=\"+Inf\"}");
  for (size_t i = 2; i < 5; ++i) EXPECT_EQ(samples[i].kind, Kind::kCounter) << samples[i].name;
  EXPECT_EQ(samples[5].kind, Kind::kGauge);
  EXPECT_EQ(samples[6].kind, Kind::kCounter);
  EXPECT_EQ(samples[7].kind, Kind::kGauge);
}

TEST(ParseMetrics, LeavesOutWhatIsNone) {
  EXPECT_TRUE(ParseMetrics("<html>\nno metrics here\na\na NaN\nb +Inf\nc{x=\"1 2\nd 1x\n").empty());
  EXPECT_TRUE(ParseMetrics("").empty());
  EXPECT_TRUE(ParseMetrics("<td> 5\na-b 5\n9a 5\nseen 5 times\n").empty());
  EXPECT_TRUE(ParseMetrics("\n <!doctype html>\nlooks_like_one 5\n").empty());
  EXPECT_EQ(ParseMetrics("last 1").size(), 1u);
  EXPECT_EQ(ParseMetrics("a:b 1 # {x=\"1\"} 5\n{\"c.d\",e=\"f\"} 2 1395066363\n").size(), 2u);
}

TEST(Telemetry, CountersThatChangedAndGauges) {
  TelemetryLog log;
  const auto at = [&log](double s, double counter, double still, double gauge) {
    log.Add(s, {{"c", counter, Kind::kCounter},
                {"still", still, Kind::kCounter},
                {"g", gauge, Kind::kGauge}});
  };
  at(0.5, 100, 7, 5);
  at(1.5, 400, 7, 1);
  at(2.5, 500, 7, 3);
  const Telemetry telemetry = log.Take("there", 0.25);
  EXPECT_EQ(telemetry.source, "there");
  EXPECT_EQ(telemetry.looks, 3u);
  EXPECT_EQ(telemetry.from_s, 0.25);
  EXPECT_EQ(telemetry.to_s, 2.25);
  ASSERT_EQ(telemetry.counters.size(), 1u);
  const TelemetryCounter& counter = telemetry.counters[0];
  EXPECT_EQ(counter.before, 100);
  EXPECT_EQ(counter.after, 500);
  EXPECT_EQ(counter.per_s, 200);
  EXPECT_EQ(counter.max_per_s, 300);
  ASSERT_EQ(telemetry.gauges.size(), 1u);
  EXPECT_EQ(telemetry.gauges[0].min, 1);
  EXPECT_EQ(telemetry.gauges[0].mean, 3);
  EXPECT_EQ(telemetry.gauges[0].max, 5);
}

TEST(Telemetry, ACounterMayComeLaterOrBeginAnew) {
  TelemetryLog log;
  log.Add(0, {{"restarted", 1'000, Kind::kCounter}});
  log.Add(1, {{"restarted", 20, Kind::kCounter}, {"late", 5, Kind::kCounter}});
  log.Add(2, {{"restarted", 50, Kind::kCounter}, {"late", 9, Kind::kCounter}});
  const Telemetry telemetry = log.Take("", 0);
  ASSERT_EQ(telemetry.counters.size(), 2u);
  EXPECT_EQ(telemetry.counters[0].name, "late");
  EXPECT_EQ(telemetry.counters[0].before, 0);
  EXPECT_EQ(telemetry.counters[0].per_s, 4.5);
  EXPECT_EQ(telemetry.counters[1].before, 1'000);
  EXPECT_EQ(telemetry.counters[1].after, 50);
  EXPECT_EQ(telemetry.counters[1].per_s, 25);
}

TEST(Telemetry, WhatHasNoKindIsACounterIfItOnlyGrew) {
  TelemetryLog log;
  log.Add(0, {{"grew", 1}, {"fell", 9}, {"broken", 0.5}, {"same", 4}});
  log.Add(1, {{"grew", 3}, {"fell", 8}, {"broken", 1.5}, {"same", 4}});
  const Telemetry telemetry = log.Take("", 0);
  ASSERT_EQ(telemetry.counters.size(), 1u);
  EXPECT_EQ(telemetry.counters[0].name, "grew");
  EXPECT_EQ(telemetry.gauges.size(), 3u);
}

TEST(Telemetry, ARateIsOverTheTimeThatACounterWasThere) {
  TelemetryLog log;
  log.Add(0, {{"always", 0}});
  log.Add(8, {{"always", 8}, {"late", 500}, {"born", 4, Kind::kCounter}});
  log.Add(10, {{"always", 10}, {"late", 700}, {"born", 6, Kind::kCounter}});
  const Telemetry telemetry = log.Take("", 0);
  ASSERT_EQ(telemetry.counters.size(), 3u);
  EXPECT_EQ(telemetry.counters[0].per_s, 1);
  EXPECT_EQ(telemetry.counters[1].per_s, 0.6);  // From zero, since the look before.
  EXPECT_EQ(telemetry.counters[2].per_s, 100);
}

TEST(Telemetry, SaysWhetherAnythingChanged) {
  Telemetry telemetry = {.gauges = {{.name = "g", .min = 1, .mean = 1, .max = 1}}};
  EXPECT_FALSE(HasChanged(telemetry));
  telemetry.gauges[0].max = 2;
  EXPECT_TRUE(HasChanged(telemetry));
  EXPECT_TRUE(HasChanged({.counters = {{.name = "c"}}}));
}

TEST(Telemetry, ATerminalShowsWhatSaysMost) {
  Telemetry telemetry = {.source = "there", .looks = 2, .from_s = -0.01, .to_s = 2};
  for (int i = 0; i < 20; ++i) {
    telemetry.counters.push_back(
        {.name = "c" + std::to_string(i), .after = 1'000.0 * i, .per_s = 10.0 * i});
  }
  telemetry.counters.push_back({.name = "h_bucket{le=\"1\"}", .per_s = 1e9});
  telemetry.gauges = {{.name = "same", .min = 5, .mean = 5, .max = 5},
                      {.name = "moved", .min = -5, .mean = 0, .max = 5}};
  Result result;
  result.telemetry = {telemetry};
  const std::vector<Table> shown = TelemetryTables(result, 3);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0].title, "Counters of there (2 looks from 0.0 s to 2.0 s)");
  ASSERT_EQ(shown[0].rows.size(), 3u);
  EXPECT_EQ(shown[0].rows[0], (std::vector<std::string>{"c19", "0", "19 000", "190", "0"}));
  EXPECT_EQ(shown[0].note.substr(0, 9), "3 of 21; ");
  ASSERT_EQ(shown[1].rows.size(), 1u);
  EXPECT_EQ(shown[1].rows[0][0], "moved");
  EXPECT_EQ(shown[1].rows[0][1], "-5");
  EXPECT_EQ(AllTelemetryTables(result)[0].rows.size(), 21u);
}

}  // namespace
}  // namespace ringmq::report
