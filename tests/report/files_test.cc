// The reports that are files for other programs.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "report/csv_report.h"
#include "report/junit_report.h"
#include "report/prometheus_report.h"
#include "sample.h"

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(CsvReport, HasALineForEachSecondAndTheSameColumnsInAll) {
  const std::string text = CsvSeries(SampleResult({.seconds = 7}));
  const std::vector<std::string> lines = absl::StrSplit(text, "\r\n");
  ASSERT_THAT(lines, SizeIs(9));  // A header, seven seconds, nothing behind the last line's end.
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(std::count(lines[i].begin(), lines[i].end(), ','), 10) << lines[i];
  }
  EXPECT_THAT(lines[1], HasSubstr("1,20000,20000,19990,20000,0,"));
}

TEST(CsvReport, LeavesPercentilesBlankThatTooFewSamplesSupport) {
  Result result;
  for (int i = 0; i < 200; ++i) result.histograms[Metric::kAck].Record(1'000'000);
  const std::vector<std::string> lines = absl::StrSplit(CsvLatency(result), "\r\n");
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[1], "ack,200,1000000,1000000,1000000,,,,,,,,1000000");
}

TEST(JunitReport, CountsAndEscapes) {
  Result result = SampleResult();
  result.assertions = {
      {.assertion = "p99(e2e)<5ms", .text = "a & \"b\"", .holds = false, .known = true},
      {.assertion = "loss==0", .text = "holds", .holds = true, .known = true},
      {.assertion = "rate>1", .text = "not measured", .holds = true}};
  result.verdict = {.kind = measure::Verdict::kGeneratorLimited, .text = "INVALID"};
  const std::string xml = JunitReport(result);
  EXPECT_THAT(xml, HasSubstr("tests=\"4\" failures=\"2\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<error message=\"INVALID\"/>"));
  EXPECT_THAT(
      xml,
      HasSubstr("name=\"p99(e2e)&lt;5ms\">\n    <failure message=\"a &amp; &quot;b&quot;\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"loss==0\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"rate&gt;1\">"));
}

TEST(PrometheusReport, DescribesEachFamilyOnceBeforeItsSamples) {
  Result result = SampleResult();
  result.scenario = "a\"b";
  const std::string page = PrometheusReport(result);
  EXPECT_THAT(page, HasSubstr("mqtt_bench_valid{scenario=\"a\\\"b\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("metric=\"response\",quantile=\"0.99\"} 0.0"));
  EXPECT_THAT(page,
              HasSubstr("mqtt_bench_latency_seconds_count{scenario=\"a\\\"b\",metric=\"ack\"} "));
  std::vector<std::string> described;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(page, '\n'))) {
    if (line.starts_with("# TYPE ")) {
      described.push_back(std::vector<std::string>(absl::StrSplit(line, ' '))[2]);
      EXPECT_EQ(std::count(described.begin(), described.end(), described.back()), 1);
    } else if (!line.empty() && !line.starts_with("#")) {
      EXPECT_TRUE(line.starts_with(described.back())) << line;
    }
  }
}

TEST(PrometheusReport, LeavesOutWhatWasNotMeasured) {
  const std::string page = PrometheusReport(Result{});
  EXPECT_THAT(page, Not(HasSubstr("quantile=")));
  EXPECT_THAT(page, Not(HasSubstr("broker")));
}

}  // namespace
}  // namespace ringmq::report
