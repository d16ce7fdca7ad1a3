// What `search` makes of the run at one rate, and of its flags.
//
// SPDX-License-Identifier: Apache-2.0
#include "search.h"

#include <gmock/gmock.h>

namespace ringmq::bench {
namespace {

using measure::TrialOutcome;

report::Result GoodRun() {
  report::Result result;
  result.phases.measure_s = 20;
  result.rates.sent_per_s = 9'990;
  result.assertions = {
      {.assertion = "loss==0", .text = "loss==0 holds: 0", .holds = true, .known = true}};
  result.verdict = {.kind = measure::Verdict::kValid, .text = "VALID"};
  return result;
}

TEST(SearchPoint, HoldsWhenTheAssertionsDoAndTheRateWasReached) {
  EXPECT_EQ(JudgePoint(GoodRun(), 10'000, false).outcome, TrialOutcome::kHolds);
  report::Result slow = GoodRun();
  slow.rates.sent_per_s = 9'800;
  EXPECT_EQ(JudgePoint(slow, 10'000, false).outcome, TrialOutcome::kFails);
  EXPECT_EQ(JudgePoint(slow, 10'000, false).why, "only 9.8k/s were sent");
  // Of a short run that is a moment.
  slow.phases.measure_s = 2;
  EXPECT_EQ(JudgePoint(slow, 10'000, false).outcome, TrialOutcome::kHolds);
}

TEST(SearchPoint, FailsWithWhatFailed) {
  report::Result late = GoodRun();
  late.assertions.push_back({.assertion = "", .text = "p99(e2e)<1ms FAILS: 2ms", .known = true});
  EXPECT_EQ(JudgePoint(late, 10'000, false).outcome, TrialOutcome::kFails);
  EXPECT_EQ(JudgePoint(late, 10'000, false).why, "p99(e2e)<1ms FAILS: 2ms");
  report::Result unknown = GoodRun();
  unknown.assertions[0].known = false;
  EXPECT_EQ(JudgePoint(unknown, 10'000, false).outcome, TrialOutcome::kFails);
  report::Result broken = GoodRun();
  broken.errors.connect_errors["the broker closed the connection"] = 3;
  EXPECT_EQ(JudgePoint(broken, 10'000, false).why,
            "3 connections: the broker closed the connection");
  report::Result refused = GoodRun();
  refused.errors.by_reason[0x97] = 1;
  EXPECT_EQ(JudgePoint(refused, 10'000, false).outcome, TrialOutcome::kFails);
}

// Its own lateness makes responses look longer, never shorter.
TEST(SearchPoint, ALateGeneratorSpoilsFailuresOnly) {
  report::Result doubtful = GoodRun();
  doubtful.verdict = {.kind = measure::Verdict::kGeneratorLimited, .text = "INVALID, (late)"};
  EXPECT_EQ(JudgePoint(doubtful, 10'000, false).outcome, TrialOutcome::kHolds);
  EXPECT_EQ(JudgePoint(doubtful, 10'000, false).why, "though the generator was late");
  doubtful.assertions[0] = {.assertion = "", .text = "loss==0 FAILS: 1", .known = true};
  EXPECT_EQ(JudgePoint(doubtful, 10'000, false).outcome, TrialOutcome::kGeneratorLimited);
  EXPECT_EQ(JudgePoint(doubtful, 10'000, false).why, "INVALID, (late); loss==0 FAILS: 1");
  EXPECT_EQ(JudgePoint(doubtful, 10'000, true).outcome, TrialOutcome::kFails);
}

std::vector<report::SearchPoint> PointsOf(bool low_is_valid, bool high_is_valid) {
  return {{.rate_per_s = 1'000, .holds = true, .is_valid = low_is_valid},
          {.rate_per_s = 2'000, .holds = false, .is_valid = high_is_valid}};
}

TEST(SearchVerdict, IsThatOfTheRunsThatTheAnswerRestsOn) {
  using measure::Verdict;
  const measure::SearchAnswer found = {
      .kind = measure::SearchAnswer::kFound, .holds_per_s = 1'000, .limit_per_s = 2'000};
  EXPECT_EQ(JudgeSearch(found, PointsOf(true, true), true).text,
            "VALID, 1.0k/s hold, 2.0k/s do not");
  for (const bool allowed : {false, true}) {
    const Verdict verdict = JudgeSearch(found, PointsOf(false, false), allowed);
    EXPECT_EQ(verdict.kind, Verdict::kGeneratorLimited);
    EXPECT_EQ(verdict.text,
              "INVALID, generator-limited at 2 of 2 points: 1.0k/s hold, 2.0k/s do not");
  }
  // Without the flag no such run is a border.
  EXPECT_EQ(JudgeSearch(found, PointsOf(true, false), true).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(JudgeSearch(found, PointsOf(true, false), false).kind, Verdict::kValid);
  const measure::SearchAnswer nothing = {.kind = measure::SearchAnswer::kNothingHolds,
                                         .limit_per_s = 2'000};
  EXPECT_EQ(JudgeSearch(nothing, PointsOf(true, true), true).kind, Verdict::kTargetLimited);
  EXPECT_EQ(JudgeSearch(nothing, PointsOf(true, false), true).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(JudgeSearch({}, PointsOf(true, true), true).kind, Verdict::kGeneratorLimited);
}

TEST(SearchPoint, FailsIfOnlyAPartWasMeasured) {
  report::Result part = GoodRun();
  part.verdict = {.kind = measure::Verdict::kNotMeasured, .text = "INVALID, not measured: why"};
  EXPECT_EQ(JudgePoint(part, 10'000, false).outcome, TrialOutcome::kFails);
  EXPECT_EQ(JudgePoint(part, 10'000, false).why, "INVALID, not measured: why");
}

TEST(SearchFlags, AreReadOrRefusedWithAnExample) {
  Settings settings;
  settings.search_from = "2k";
  settings.search_to = "1M";
  settings.search_tolerance = "2.5%";
  const auto options = ParseSearch(settings);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->from_per_s, 2'000);
  EXPECT_EQ(options->to_per_s, 1'000'000);
  EXPECT_DOUBLE_EQ(options->tolerance, 0.025);
  const auto refusal = [](void (*spoil)(Settings&)) {
    Settings spoilt;
    spoil(spoilt);
    return std::string(ParseSearch(spoilt).status().message());
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(refusal([](Settings& s) { s.search_from = "fast"; }), HasSubstr("--from 5k"));
  EXPECT_THAT(refusal([](Settings& s) { s.search_to = "-1"; }), HasSubstr("--to 200k"));
  EXPECT_THAT(refusal([](Settings& s) { s.search_to = "1k"; }), HasSubstr("below --from"));
  EXPECT_THAT(refusal([](Settings& s) { s.search_factor = 1; }), HasSubstr("--factor 2"));
  for (const char* const text : {"0", "90%", "much", "5%%"}) {
    Settings spoilt;
    spoilt.search_tolerance = text;
    EXPECT_THAT(std::string(ParseSearch(spoilt).status().message()), HasSubstr("--tolerance 5%"));
  }
}

}  // namespace
}  // namespace ringmq::bench
