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
  EXPECT_EQ(MiddleOf(Trials({3, 1, 2})).trial, 2u);
  EXPECT_EQ(MiddleOf(Trials({3, 1, 2})).by, "p99 response");
  EXPECT_EQ(MiddleOf(Trials({4, 1, 3, 2})).trial, 3u);  // The better one of two.
  EXPECT_EQ(MiddleOf(Trials({1})).trial, 0u);
  std::vector<Result> nothing(3);
  nothing[0].rates.received_per_s = 10;
  nothing[1].rates.received_per_s = 30;
  nothing[2].rates.received_per_s = 20;
  EXPECT_EQ(MiddleOf(nothing).trial, 2u);
}

TEST(Trials, TheMiddleOneIsByAFigureThatThereAreSamplesFor) {
  std::vector<Result> few(3);
  for (int64_t i = 0; i < 1'000; ++i) {
    // The tails are in the other order than the middles.
    few[0].histograms[Metric::kResponse].Record(i < 980 ? 1'000 : 3'000'000);
    few[1].histograms[Metric::kResponse].Record(i < 980 ? 2'000 : 9'000'000);
    few[2].histograms[Metric::kResponse].Record(i < 980 ? 3'000 : 6'000'000);
  }
  EXPECT_EQ(MiddleOf(few).trial, 1u);
  EXPECT_EQ(MiddleOf(few).by, "p50 response");
}

TEST(Trials, OneThatFailedLeavesBlanks) {
  std::vector<Result> trials = Trials({1, 2, 3});
  trials[1] = Result{};
  trials[1].errors.connect_errors["Connection refused"] = 250;
  const Result summary = SummaryOf(trials);
  EXPECT_EQ(MiddleOf(trials).trial, 0u);
  const std::vector<std::string>& header = summary.trials[0];
  ASSERT_GT(header.size(), 4u);
  std::vector<std::string> blank(header.size());
  blank[0] = "trial 2";
  EXPECT_EQ(summary.trials[2], blank);
  for (const std::string& cell : summary.trials[5]) EXPECT_NE(cell, "");
  EXPECT_THAT(summary.notes, ::testing::Contains("Trial 2: Connection refused"));
}

TEST(Trials, OneThatWasInterruptedDoesNotCount) {
  std::vector<Result> trials = Trials({1, 3, 2});
  trials[2].interrupted = true;
  const Result summary = SummaryOf(trials);
  EXPECT_EQ(summary.trials[1][0], "trial 1 (below)");  // The better one of the other two.
  EXPECT_EQ(summary.trials[6], SummaryOf(Trials({1, 3})).trials[5]);  // The most of both.
  EXPECT_THAT(summary.notes, ::testing::Contains(HasSubstr("Trial 3: it was interrupted")));
  trials.erase(trials.begin(), trials.begin() + 2);
  EXPECT_EQ(SummaryOf(trials).trials[1][0], "trial 1 (below)");
}

TEST(Trials, ShowWhatTheCommandMeasures) {
  std::vector<Result> trials(2);
  for (Result& trial : trials) {
    trial.rates.received_per_s = 7;
    trial.scalars = {{"retained_per_s", 1003.4},
                     {"retained_all_s", 1.2345},
                     {"connects_failed", 3},
                     {"connects_offered_per_s", 50}};
  }
  const std::vector<std::vector<std::string>> rows = SummaryOf(trials).trials;
  EXPECT_EQ(rows[0], (std::vector<std::string>{"", "retained_per_s", "retained_all_s"}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"trial 2", "1.003k", "1.234s"}));
  for (Result& trial : trials) {
    trial = Result{};
    trial.rates = {.sent_per_s = 999.96, .acked_per_s = 1'234'567};
  }
  const Result unheard = SummaryOf(trials);
  EXPECT_EQ(unheard.trials[0], (std::vector<std::string>{"", "sent per s", "acked per s"}));
  EXPECT_EQ(unheard.trials[1], (std::vector<std::string>{"trial 1 (below)", "1.000k", "1.235M"}));
  EXPECT_EQ(unheard.trials_by, "sent per s");
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
  EXPECT_THAT(text, HasSubstr("the one in the middle by p99 response"));
  const std::string page = HtmlReport(summary);
  EXPECT_THAT(page, HasSubstr("trial 3 (below)"));
  EXPECT_THAT(page, HasSubstr("These, and what is below the trials, are of the one"));
  EXPECT_EQ(page.find(">Trials<"), page.rfind(">Trials<"));
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
