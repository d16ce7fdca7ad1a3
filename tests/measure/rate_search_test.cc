// The search against targets that are simulated: what it finds, how many trials it takes, and that
// neither a hiccup nor a bump of the curve leads it astray.
//
// SPDX-License-Identifier: Apache-2.0
#include "measure/rate_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "base/random.h"

namespace ringmq::measure {
namespace {

using Target = std::function<TrialOutcome(double rate_per_s)>;

constexpr size_t kTrialsMax = 200;

struct Searched {
  SearchAnswer answer;
  std::vector<Trial> trials;
};

Searched Search(const RateSearchOptions& options, const Target& target) {
  RateSearch search(options);
  Searched searched;
  while (const auto trial = search.next()) {
    searched.trials.push_back(*trial);
    if (searched.trials.size() > kTrialsMax) {
      ADD_FAILURE() << "it never ends";
      return searched;
    }
    search.Tell(target(trial->rate_per_s));
  }
  searched.answer = search.answer();
  return searched;
}

Target HoldsUpTo(double border) {
  return [border](double rate) {
    return rate <= border ? TrialOutcome::kHolds : TrialOutcome::kFails;
  };
}

// Property: wherever the border lies, the answer brackets it within the tolerance.
TEST(RateSearch, BracketsTheBorderWithinTheTolerance) {
  base::Random random(1);
  for (int i = 0; i < 2'000; ++i) {
    const double border = 1'000 * std::pow(10, static_cast<double>(random.Below(5'000)) / 1'000);
    const double tolerance = 0.005 * static_cast<double>(1 + random.Below(40));
    const auto [answer, trials] =
        Search({.from_per_s = 1'000, .tolerance = tolerance}, HoldsUpTo(border));
    ASSERT_EQ(answer.kind, SearchAnswer::kFound) << border;
    EXPECT_LE(answer.holds_per_s, border);
    EXPECT_GT(answer.limit_per_s, border);
    EXPECT_LE(answer.limit_per_s, answer.holds_per_s * (1 + tolerance) * 1.000001);
  }
}

TEST(RateSearch, ClimbsThenBisectsAndTriesEachFailureTwice) {
  const auto [answer, trials] = Search({.from_per_s = 1'000, .tolerance = 0.2}, HoldsUpTo(5'000));
  const std::vector<std::pair<double, Trial::Step>> expected = {
      {1'000, Trial::kClimb},  {2'000, Trial::kClimb},  {4'000, Trial::kClimb},
      {8'000, Trial::kClimb},  {8'000, Trial::kRepeat}, {5'660, Trial::kBisect},
      {5'660, Trial::kRepeat}, {4'760, Trial::kBisect}};
  ASSERT_EQ(trials.size(), expected.size());
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_NEAR(trials[i].rate_per_s, expected[i].first, 1e-6) << i;
    EXPECT_EQ(trials[i].step, expected[i].second) << i;
  }
  EXPECT_NEAR(answer.holds_per_s, 4'760, 1e-6);
  EXPECT_NEAR(answer.limit_per_s, 5'660, 1e-6);
}

// Every rate has one bad trial, the first: none of them decides.
TEST(RateSearch, OneHiccupDoesNotDecide) {
  for (const TrialOutcome hiccup : {TrialOutcome::kFails, TrialOutcome::kGeneratorLimited}) {
    double last = 0;
    const auto [answer, trials] = Search({.from_per_s = 1'000}, [&](double rate) {
      if (rate > 30'000) return TrialOutcome::kFails;
      return std::exchange(last, rate) == rate ? TrialOutcome::kHolds : hiccup;
    });
    EXPECT_EQ(answer.kind, SearchAnswer::kFound);
    EXPECT_GT(answer.holds_per_s, 30'000 / 1.051);
  }
}

// The nearer to the border, the more the outcome is a matter of luck: within a tenth of it either
// way. The answer is out by no more than that and the tolerance.
TEST(RateSearch, NoiseAtTheBorderMovesTheAnswerNoFurtherThanTheNoiseReaches) {
  base::Random random(7);
  for (int i = 0; i < 1'000; ++i) {
    const auto [answer, trials] = Search({.from_per_s = 500}, [&](double rate) {
      const double noise = 0.9 + static_cast<double>(random.Below(2'001)) / 10'000;
      return rate <= 50'000 * noise ? TrialOutcome::kHolds : TrialOutcome::kFails;
    });
    ASSERT_EQ(answer.kind, SearchAnswer::kFound);
    EXPECT_GE(answer.holds_per_s, 45'000 / 1.051);
    EXPECT_LE(answer.holds_per_s, 55'000);
  }
}

// A target with a hole: 3k to 5k do not hold, 8k would. What is found is a border all the same:
// beneath it everything that was tried held, and it does not depend on what lies beyond.
TEST(RateSearch, StopsBelowAHole) {
  const auto hole = [](double rate) {
    return rate > 3'000 && rate < 5'000 ? TrialOutcome::kFails : TrialOutcome::kHolds;
  };
  const auto [answer, trials] = Search({.from_per_s = 1'000}, hole);
  EXPECT_EQ(answer.kind, SearchAnswer::kFound);
  EXPECT_LE(answer.holds_per_s, 3'000);
  EXPECT_GT(answer.holds_per_s, 3'000 / 1.051);
}

TEST(RateSearch, EndsWhereNothingHolds) {
  const auto [answer, trials] = Search({.from_per_s = 1'000}, HoldsUpTo(999));
  EXPECT_EQ(answer.kind, SearchAnswer::kNothingHolds);
  EXPECT_EQ(answer.holds_per_s, 0);
  EXPECT_EQ(answer.limit_per_s, 1'000);
  EXPECT_EQ(trials.size(), 2u);
  EXPECT_EQ(Describe(answer), "not even 1.0k/s hold");
}

TEST(RateSearch, EndsWhereEverythingHolds) {
  const auto [answer, trials] = Search({.from_per_s = 1'000}, HoldsUpTo(INFINITY));
  EXPECT_EQ(answer.kind, SearchAnswer::kHoldsToTheEnd);
  EXPECT_EQ(answer.holds_per_s, kSearchRatePerSMax);
  const auto [bounded, few] = Search({.from_per_s = 1'000, .to_per_s = 3'000}, HoldsUpTo(INFINITY));
  EXPECT_EQ(bounded.kind, SearchAnswer::kHoldsToTheEnd);
  EXPECT_EQ(bounded.holds_per_s, 3'000);
  EXPECT_EQ(few.size(), 3u);
  EXPECT_EQ(Describe(bounded), "at least 3.0k/s hold, which was the last to try");
  EXPECT_EQ(Search({.from_per_s = 1'000, .to_per_s = 1'000}, HoldsUpTo(INFINITY)).trials.size(),
            1u);
}

TEST(RateSearch, SaysAtLeastWhereTheGeneratorIsTheLimit) {
  const auto weak = [](double rate) {
    return rate <= 20'000 ? TrialOutcome::kHolds : TrialOutcome::kGeneratorLimited;
  };
  const auto [answer, trials] = Search({.from_per_s = 1'000}, weak);
  EXPECT_EQ(answer.kind, SearchAnswer::kAtLeast);
  EXPECT_GT(answer.holds_per_s, 20'000 / 1.051);
  EXPECT_EQ(
      Describe({.kind = SearchAnswer::kAtLeast, .holds_per_s = 19'500, .limit_per_s = 20'500}),
      "at least 19.5k/s hold: at 20.5k/s the generator is the limit");
  const auto [nothing, two] = Search({.from_per_s = 40'000}, weak);
  EXPECT_EQ(nothing.kind, SearchAnswer::kNotMeasured);
  EXPECT_EQ(two.size(), 2u);
}

// Above the target's border the generator breaks down too: what is found is the target's.
TEST(RateSearch, FindsTheTargetsBorderBelowTheGenerators) {
  const auto [answer, trials] = Search({.from_per_s = 1'000}, [](double rate) {
    if (rate > 15'000) return TrialOutcome::kGeneratorLimited;
    return rate > 10'000 ? TrialOutcome::kFails : TrialOutcome::kHolds;
  });
  EXPECT_EQ(answer.kind, SearchAnswer::kFound);
  EXPECT_LE(answer.holds_per_s, 10'000);
  EXPECT_GT(answer.holds_per_s, 10'000 / 1.051);
}

// One trial that failed and one in which the generator was the limit: nothing speaks for the rate,
// and one trial against it.
TEST(RateSearch, AFailureCountsThoughTheRepetitionSaysNothing) {
  for (const bool fails_first : {true, false}) {
    int trial = 0;
    const auto [answer, trials] = Search({.from_per_s = 1'000}, [&](double) {
      return (trial++ == 0) == fails_first ? TrialOutcome::kFails : TrialOutcome::kGeneratorLimited;
    });
    EXPECT_EQ(answer.kind, SearchAnswer::kNothingHolds) << fails_first;
    EXPECT_EQ(trials.size(), 2u);
  }
}

TEST(RateSearch, IsAsFineAsIsAskedEvenBelowThreeDigits) {
  const auto [answer, trials] =
      Search({.from_per_s = 1'000, .tolerance = 0.0001}, HoldsUpTo(5'432.1));
  EXPECT_NEAR(answer.holds_per_s, 5'432, 1);
  EXPECT_LE(answer.limit_per_s, answer.holds_per_s * 1.0001001);
}

std::vector<LatencyAtRate> CurveOf(const std::function<double(double)>& latency_ms) {
  std::vector<LatencyAtRate> curve;
  for (double rate = 10; rate <= 100; rate += 10) {
    curve.push_back({rate, static_cast<int64_t>(latency_ms(rate) * 1e6)});
  }
  return curve;
}

TEST(Knee, IsWhereTheCurveBends) {
  EXPECT_EQ(KneeOf(CurveOf([](double rate) { return rate <= 80 ? 1 : std::pow(2, rate - 80); })),
            80);
  // A queue with one server, full at 105: it bends late.
  const auto knee = KneeOf(CurveOf([](double rate) { return 1 / (1 - rate / 105); }));
  ASSERT_TRUE(knee.has_value());
  EXPECT_GE(*knee, 70);
  EXPECT_LE(*knee, 90);
}

TEST(Knee, IsNoneWithoutABend) {
  EXPECT_EQ(KneeOf(CurveOf([](double) { return 1; })), std::nullopt);
  EXPECT_EQ(KneeOf(CurveOf([](double rate) { return 1 + rate / 200; })), std::nullopt);
  EXPECT_EQ(KneeOf(CurveOf([](double rate) { return std::pow(2, rate / 10); })), std::nullopt);
  EXPECT_EQ(KneeOf(CurveOf([](double) { return 0; })), std::nullopt);
  const std::vector<LatencyAtRate> two = {{1, 1'000}, {2, 1'000'000}};
  EXPECT_EQ(KneeOf(two), std::nullopt);
}

TEST(RateSearch, WhatHeldUntilItWasStoppedHolds) {
  RateSearch search({.from_per_s = 1'000});
  search.Tell(TrialOutcome::kHolds);
  search.Stop();
  EXPECT_FALSE(search.next().has_value());
  EXPECT_EQ(search.answer().kind, SearchAnswer::kStopped);
  EXPECT_EQ(Describe(search.answer()), "at least 1.0k/s hold: stopped there");
  RateSearch early({.from_per_s = 1'000});
  early.Tell(TrialOutcome::kFails);  // Once, which does not tell yet.
  early.Stop();
  EXPECT_EQ(Describe(early.answer()), "nothing is known: stopped before anything held");
}

}  // namespace
}  // namespace ringmq::measure
