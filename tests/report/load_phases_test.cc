// Figures of each phase of a run, in every form of report.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "report/html_report.h"
#include "report/junit_report.h"
#include "report/merge.h"
#include "report/result_json.h"
#include "report/sample.h"
#include "report/text_report.h"

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Result PhasedSample() {
  Result result = SampleResult({.seconds = 3});
  result.assertions = {{"loss==0", "loss==0 holds: 0", true, true}};
  LoadPhase ramp{.name = "ramp", .duration_s = 2, .rate_from_per_s = 100, .rate_to_per_s = 2000};
  ramp.counters = {.offered = 1234, .sent = 1233, .received = 1232, .expected = 1234};
  ramp.rates.received_per_s = 617;
  ramp.integrity.lost = 2;
  ramp.histograms[Metric::kResponse].Record(3'000'000, 1232);
  ramp.assertions = {{"p99(e2e)<5ms", "p99(e2e)<5ms holds: 3.0ms", true, true}};
  LoadPhase hold{.name = "<hold>", .from_s = 2, .duration_s = 1, .rate_from_per_s = 2000};
  hold.rate_to_per_s = 2000;
  hold.assertions = {{"loss==0", "loss==0 does not hold: 7", false, true}};
  result.load_phases = {ramp, hold};
  return result;
}

TEST(LoadPhases, ComeBackFromTheFile) {
  const Result result = PhasedSample();
  const absl::StatusOr<Result> read = FromJson(ToJson(result));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(result));
  ASSERT_EQ(read->load_phases.size(), 2u);
  EXPECT_EQ(read->load_phases[0].histograms[Metric::kResponse].count(), 1232u);
  EXPECT_EQ(read->load_phases[1].assertions[0].text, "loss==0 does not hold: 7");
}

TEST(LoadPhases, AssertionsOfOneAreOfTheRun) {
  Result result = PhasedSample();
  EXPECT_FALSE(AssertionsHold(result));
  result.load_phases[1].assertions[0].holds = true;
  EXPECT_TRUE(AssertionsHold(result));
  result.load_phases[1].assertions[0].known = false;
  EXPECT_FALSE(AssertionsHold(result));
}

TEST(LoadPhases, AreNamedWhereverTheirAssertionsAreTold) {
  const Result result = PhasedSample();
  const std::string text = TextReport(result, Colour::kNone);
  EXPECT_THAT(text, HasSubstr("Not all assertions hold."));
  EXPECT_THAT(text, HasSubstr("  phase ramp: p99(e2e)<5ms holds: 3.0ms\n"));
  EXPECT_THAT(text, HasSubstr("  phase <hold>: loss==0 does not hold: 7\n"));
  const std::string xml = JunitReport(result);
  EXPECT_THAT(xml, HasSubstr("tests=\"4\" failures=\"1\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"phase ramp: p99(e2e)&lt;5ms\"/>"));
  EXPECT_THAT(xml,
              HasSubstr("<failure message=\"phase &lt;hold&gt;: loss==0 does not hold: 7\"/>"));
  const std::string html = HtmlReport(result);
  EXPECT_THAT(html, HasSubstr("phase ramp: p99(e2e)&lt;5ms holds: 3.0ms"));
  EXPECT_THAT(html, HasSubstr("phase &lt;hold&gt;: loss==0 does not hold: 7"));
}

TEST(LoadPhases, HaveATable) {
  const Result result = PhasedSample();
  const std::string text = TextReport(result, Colour::kNone);
  EXPECT_THAT(text, ::testing::ContainsRegex("ramp +100/s to 2.0?k?/s +1 233 +1 232 +2 +3.0ms"));
  EXPECT_THAT(HtmlReport(result), HasSubstr("Phases"));
  EXPECT_THAT(TextReport(SampleResult({.seconds = 3}), Colour::kNone), Not(HasSubstr("Phases")));
}

TEST(LoadPhases, OfSeveralProcessesAreAddedUpAndJudgedAnew) {
  const std::array parts = {PhasedSample(), PhasedSample()};
  const Result whole = Merge(parts);
  ASSERT_EQ(whole.load_phases.size(), 2u);
  const LoadPhase& ramp = whole.load_phases[0];
  EXPECT_EQ(ramp.name, "ramp");
  EXPECT_EQ(ramp.duration_s, 2);
  EXPECT_EQ(ramp.counters.expected, 2 * 1234u);
  EXPECT_EQ(ramp.histograms[Metric::kResponse].count(), 2 * 1232u);
  EXPECT_TRUE(ramp.assertions.empty());
}

}  // namespace
}  // namespace ringmq::report
