// SPDX-License-Identifier: Apache-2.0
#include "measure/assertion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace ringmq::measure {
namespace {

using ::testing::HasSubstr;

Judgement JudgeValue(std::string_view text, std::optional<double> value) {
  return Judge(ParseAssertion(text).value(), [&](std::string_view) { return value; });
}

TEST(Assertion, IsReadIntoMetricComparisonAndBound) {
  const struct {
    const char* text;
    const char* metric;
    Comparison comparison;
    double bound;
  } kCases[] = {
      {"p99(e2e)<5ms", "p99(response)", Comparison::kLess, 5e6},
      {"p99.9(ack)<=2ms", "p99.9(ack)", Comparison::kLessOrEqual, 2e6},
      {"max(connect) < 1s", "max(connect)", Comparison::kLess, 1e9},
      {"mean(service)<200us", "mean(service)", Comparison::kLess, 2e5},
      {"p50(lag)>0", "p50(lag)", Comparison::kGreater, 0},
      {"loss==0", "loss", Comparison::kEqual, 0},
      {"duplicates!=3", "duplicates", Comparison::kNotEqual, 3},
      {"rate>=100k", "rate", Comparison::kGreaterOrEqual, 100e3},
      {"sent_rate>2k/s", "sent_rate", Comparison::kGreater, 2e3},
      {"rate==0", "rate", Comparison::kEqual, 0},
      {"cpu_per_million<0.5", "cpu_per_million", Comparison::kLess, 0.5},
      {"rss_per_connection<600", "rss_per_connection", Comparison::kLess, 600},
      {"max(connect_tls)<5ms", "max(connect_tls)", Comparison::kLess, 5e6},
      {"acked_rate>=1k", "acked_rate", Comparison::kGreaterOrEqual, 1e3},
      {"p99(will)<5ms", "p99(will)", Comparison::kLess, 5e6},
      {"max(last)<2s", "max(last)", Comparison::kLess, 2e9},
      {"retained_per_s>50k", "retained_per_s", Comparison::kGreater, 50e3},
      {"drained_all_s<1500ms", "drained_all_s", Comparison::kLess, 1.5},
      {"sessions_lost==0", "sessions_lost", Comparison::kEqual, 0},
  };
  for (const auto& each : kCases) {
    const absl::StatusOr<Assertion> assertion = ParseAssertion(each.text);
    ASSERT_TRUE(assertion.ok()) << assertion.status();
    EXPECT_EQ(assertion->text, each.text);
    EXPECT_EQ(assertion->metric, each.metric);
    EXPECT_EQ(assertion->comparison, each.comparison) << each.text;
    EXPECT_EQ(assertion->bound, each.bound) << each.text;
  }
}

TEST(Assertion, IsRefusedWithASentenceAndAnExample) {
  const struct {
    const char* text;
    const char* complaint;
  } kCases[] = {
      {"", "write for example 'p99(e2e)<5ms'"},
      {"loss", "no comparison"},
      {"loss=0", "no comparison"},
      {"<5ms", "nothing called ''"},
      {"p99(latency)<5ms", "nothing called 'p99(latency)'"},
      {"p101(e2e)<5ms", "nothing called 'p101(e2e)'"},
      {"p(e2e)<5ms", "nothing called"},
      {"min(e2e)<5ms", "nothing called"},
      {"p99(e2e<5ms", "nothing called"},
      {"p99(e2e)<5", "has no unit"},
      {"p99(e2e)<", "is no time"},
      {"rate>=fast", "is no rate"},
      {"loss==zero", "is no number"},
      {"rss_per_connection<1-2", "one size"},
      {"retained_per_s>much", "is no rate"},
      {"drained_all_s<2", "has no unit"},
  };
  for (const auto& each : kCases) {
    const absl::StatusOr<Assertion> assertion = ParseAssertion(each.text);
    ASSERT_FALSE(assertion.ok()) << each.text;
    EXPECT_THAT(assertion.status().ToString(), HasSubstr(each.complaint));
  }
}

TEST(Assertion, HoldsOrFailsByItsComparison) {
  const struct {
    const char* text;
    bool below, equal, above;
  } kCases[] = {{"loss<2", true, false, false},  {"loss<=2", true, true, false},
                {"loss>2", false, false, true},  {"loss>=2", false, true, true},
                {"loss==2", false, true, false}, {"loss!=2", true, false, true}};
  for (const auto& each : kCases) {
    EXPECT_EQ(JudgeValue(each.text, 1).holds, each.below) << each.text;
    EXPECT_EQ(JudgeValue(each.text, 2).holds, each.equal) << each.text;
    EXPECT_EQ(JudgeValue(each.text, 3).holds, each.above) << each.text;
  }
}

TEST(Assertion, SaysWhatWasMeasured) {
  EXPECT_EQ(JudgeValue("p99(e2e)<5ms", 1.94e6).text, "p99(e2e)<5ms holds: 1.9ms");
  EXPECT_EQ(JudgeValue("p99(e2e)<5ms", 7.2e6).text, "p99(e2e)<5ms FAILS: 7.2ms");
  EXPECT_EQ(JudgeValue("p99(e2e)<5ms", 5'000'001).text, "p99(e2e)<5ms FAILS: 5.0ms (5000001ns)");
  EXPECT_EQ(JudgeValue("rate>=100k", 99'500).text, "rate>=100k FAILS: 99.5k/s");
  EXPECT_EQ(JudgeValue("loss==0", 12).text, "loss==0 FAILS: 12");
  EXPECT_EQ(JudgeValue("rss_per_connection<600", 512).text, "rss_per_connection<600 holds: 512 B");
}

TEST(Assertion, IsUnknownWithoutAValue) {
  const Judgement judgement = JudgeValue("p99.9(ack)<=2ms", std::nullopt);
  EXPECT_FALSE(judgement.known);
  EXPECT_FALSE(judgement.holds);
  EXPECT_THAT(judgement.text, HasSubstr("cannot be told"));
  EXPECT_TRUE(JudgeValue("loss==0", 0).known);
}

TEST(Assertion, AsksForTheMetricByItsFullName) {
  std::string asked;
  const auto value_of = [&](std::string_view metric) -> std::optional<double> {
    asked = metric;
    return 1;
  };
  EXPECT_TRUE(Judge(ParseAssertion("p99(e2e)<5ms").value(), value_of).holds);
  EXPECT_EQ(asked, "p99(response)");
}

TEST(Assertion, TakesTimesFromAHistogramOnlyWithEnoughSamples) {
  Histogram histogram;
  const TimeMetric p99 = ParseTimeMetric("p99(e2e)").value();
  EXPECT_EQ(p99.time, "response");
  EXPECT_FALSE(Evaluate(p99, histogram).has_value());
  EXPECT_FALSE(Evaluate(ParseTimeMetric("mean(ack)").value(), histogram).has_value());
  histogram.Record(1'500, 9'999);
  EXPECT_FALSE(Evaluate(p99, histogram).has_value());
  histogram.Record(2'000);
  EXPECT_EQ(Evaluate(p99, histogram), 1'500);
  EXPECT_EQ(Evaluate(ParseTimeMetric("max(ack)").value(), histogram), 2'000);
  EXPECT_EQ(Evaluate(ParseTimeMetric("mean(ack)").value(), histogram), histogram.mean());
}

}  // namespace
}  // namespace ringmq::measure
