// SPDX-License-Identifier: Apache-2.0
#include "report/trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "report/html_report.h"
#include "report/result_json.h"
#include "report/sample.h"
#include "report/text_report.h"

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;

std::vector<Result> Trials(std::initializer_list<double> slower) {
  std::vector<Result> trials;
  for (const double factor : slower) {
    trials.push_back(SampleResult({.slower = factor, .seconds = 1}));
    trials.back().assertions.clear();
    trials.back().errors = {};
  }
  return trials;
}

TEST(Trials, TheMiddleOneIsByTheTail) {
  EXPECT_EQ(MiddleOf(Trials({3, 1, 2})), 2u);
  EXPECT_EQ(MiddleOf(Trials({4, 1, 3, 2})), 3u);  // The better one of two.
  EXPECT_EQ(MiddleOf(Trials({1})), 0u);
  std::vector<Result> nothing(3);
  nothing[0].rates.received_per_s = 10;
  nothing[1].rates.received_per_s = 30;
  nothing[2].rates.received_per_s = 20;
  EXPECT_EQ(MiddleOf(nothing), 2u);
}

TEST(Trials, ShowEachAndTheSpread) {
  const Result summary = SummaryOf(Trials({1, 2, 3, 4, 5}));
  ASSERT_EQ(summary.trials.size(), 1u + 5 + 4);
  const std::vector<std::string>& header = summary.trials[0];
  const auto column = std::ranges::find(header, "p50 response") - header.begin();
  ASSERT_LT(static_cast<size_t>(column), header.size());
  const auto at = [&](size_t row) { return summary.trials[row][static_cast<size_t>(column)]; };
  EXPECT_EQ(summary.trials[3][0], "trial 3 (below)");
  EXPECT_EQ(at(6), at(3));  // The median,
  EXPECT_EQ(at(7), at(1));  // the least,
  EXPECT_EQ(at(8), at(5));  // and the most.
  EXPECT_THAT(at(9), HasSubstr(" to "));
  EXPECT_EQ(std::ranges::find(header, "p50 service"), header.end());
  const std::string text = TextReport(summary, Colour::kNone);
  EXPECT_THAT(text, HasSubstr("95 % of the median"));
  EXPECT_THAT(HtmlReport(summary), HasSubstr("trial 3 (below)"));
  EXPECT_EQ(ToJson(summary).find("below"), std::string::npos);
}

TEST(Trials, OfFewNoIntervalIsTold) {
  const Result summary = SummaryOf(Trials({1, 2, 3}));
  EXPECT_EQ(summary.trials.size(), 1u + 3 + 3);
  EXPECT_EQ(summary.trials.back()[0], "max");
}

TEST(Trials, SayWhichDidNotGoWell) {
  std::vector<Result> trials = Trials({1, 2, 3});
  trials[0].verdict = {measure::Verdict::kGeneratorLimited, "INVALID, generator-limited"};
  trials[2].assertions = {{"loss==0", "loss==0 FAILS: 3", false, true}};
  const Result summary = SummaryOf(trials);
  EXPECT_THAT(summary.notes, ::testing::Contains("Trial 1: INVALID, generator-limited"));
  EXPECT_THAT(summary.notes, ::testing::Contains("Trial 3: loss==0 FAILS: 3"));
  EXPECT_EQ(summary.notes.size(), trials[1].notes.size() + 2);
}

TEST(Trials, AFileHasOneOrAll) {
  const std::vector<Result> trials = Trials({1, 2});
  const auto all = ListFromJson(ListToJson(trials));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(ToJson((*all)[1]), ToJson(trials[1]));
  const auto one = ListFromJson(ToJson(trials[0]));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->size(), 1u);
  EXPECT_THAT(FromJson(ListToJson(trials)).status().message(), HasSubstr("2 trials"));
  EXPECT_THAT(ListFromJson("[]").status().message(), HasSubstr("no trial"));
  EXPECT_THAT(ListFromJson("[{\"schema_version\":1},3]").status().message(),
              HasSubstr("trial 2: "));
}

}  // namespace
}  // namespace ringmq::report
