// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringmq::report {
namespace {

using measure::Comparative;
using measure::Pairing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A run whose answers take `service_ns`, more or less.
Result RunWith(int64_t service_ns, double cpu_s_per_million) {
  Result result{
      .scenario = "pairs", .title = "8 pubs", .config = {{"url", "a"}, {"payload", "64"}}};
  result.rates.received_per_s = 1e12 / static_cast<double>(service_ns);
  for (int i = 0; i < 200'000; ++i) {
    result.histograms[Metric::kService].Record(service_ns + i % 100);
  }
  result.broker = BrokerCost{.pid = 1, .name = "b", .cpu_s_per_million = cpu_s_per_million};
  return result;
}

std::vector<Result> Runs(int64_t service_ns, double cpu_s) {
  std::vector<Result> runs;
  for (int i = 0; i < 6; ++i) {
    runs.push_back(RunWith(service_ns + i * service_ns / 200, cpu_s + 0.001 * i));
  }
  return runs;
}

Comparative::Kind KindOf(const Comparison& comparison, std::string_view name) {
  for (const Compared& figure : comparison.figures) {
    if (figure.name == name) return figure.verdict.kind;
  }
  ADD_FAILURE() << "no figure " << name;
  return Comparative::kCannotTell;
}

TEST(Comparison, TellsWhatGotBetterAndWhatWorse) {
  for (const Pairing pairing : {Pairing::kIndependent, Pairing::kPaired}) {
    const Comparison seen = CompareResults(Runs(100'000, 0.2), Runs(200'000, 0.1), pairing);
    EXPECT_EQ(KindOf(seen, "p99 service"), Comparative::kWorse);
    EXPECT_EQ(KindOf(seen, "received per s"), Comparative::kWorse);
    EXPECT_EQ(KindOf(seen, "broker CPU s per million"), Comparative::kBetter);
    EXPECT_TRUE(seen.has_worse());
    EXPECT_THAT(seen.doubts, IsEmpty());
    const Comparison same = CompareResults(Runs(100'000, 0.2), Runs(100'500, 0.2), pairing);
    EXPECT_EQ(KindOf(same, "p99 service"), Comparative::kEquivalent);
    EXPECT_FALSE(same.has_worse());
  }
}

TEST(Comparison, ReadsNothingOutOfTwoSingleRuns) {
  const std::vector<Result> one = {RunWith(100'000, 0.2)};
  const std::vector<Result> other = {RunWith(300'000, 0.2)};
  const Comparison seen = CompareResults(one, other, Pairing::kIndependent);
  EXPECT_EQ(KindOf(seen, "p50 service"), Comparative::kCannotTell);
  EXPECT_FALSE(seen.has_worse());
}

TEST(Comparison, LeavesOutWhatARunDoesNotHave) {
  std::vector<Result> runs = Runs(100'000, 0.2);
  runs[3].broker.reset();
  const Comparison seen = CompareResults(runs, runs, Pairing::kIndependent);
  for (const Compared& figure : seen.figures) {
    EXPECT_THAT(figure.name, ::testing::Not(HasSubstr("broker")));
    EXPECT_THAT(figure.name, ::testing::Not(HasSubstr("CONNACK")));
  }
}

TEST(Comparison, HasWhatOnlySomeCommandsMeasure) {
  std::vector<Result> few(5);
  std::vector<Result> many(5);
  for (Result& result : few) result.scalars = {{"connects_per_s", 450}, {"connected_all_s", 2}};
  for (Result& result : many) result.scalars = {{"connects_per_s", 900}, {"connected_all_s", 1}};
  const Comparison seen = CompareResults(few, many, Pairing::kIndependent);
  EXPECT_EQ(KindOf(seen, "connects_per_s"), Comparative::kBetter);
  EXPECT_EQ(KindOf(seen, "connected_all_s"), Comparative::kBetter);
  const std::vector<Result> nothing(5);
  EXPECT_THAT(ComparisonText(CompareResults(few, nothing, Pairing::kIndependent), Colour::kNone),
              ::testing::StartsWith("There is no figure that all of the runs have."));
}

TEST(Comparison, SaysWhyItIsNotFair) {
  std::vector<Result> base = Runs(100'000, 0.2);
  std::vector<Result> other = Runs(100'000, 0.2);
  for (Result& result : other) result.config = {{"url", "b"}, {"payload", "1k"}};
  other[0].verdict = {.kind = measure::Verdict::kGeneratorLimited, .text = "INVALID, tired"};
  const Comparison seen = CompareResults(base, other, Pairing::kIndependent, OfInvalid::kAllow);
  const std::string text = ComparisonText(seen, Colour::kNone);
  EXPECT_THAT(text, ::testing::StartsWith("1 of 12 runs are INVALID, which was allowed"));
  EXPECT_THAT(text, HasSubstr("! payload differs: 64 and 1k\n"));
  EXPECT_THAT(text, HasSubstr("INVALID, tired"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("url differs")));
  EXPECT_THAT(text, HasSubstr("B is equivalent within"));
}

TEST(Comparison, ConcludesNothingFromARunThatIsNotValid) {
  const std::vector<Result> base = Runs(100'000, 0.2);
  std::vector<Result> other = Runs(200'000, 0.1);
  for (const auto kind : {measure::Verdict::kGeneratorLimited, measure::Verdict::kIncomplete,
                          measure::Verdict::kNotMeasured}) {
    other[3].verdict = {.kind = kind, .text = "INVALID, why"};
    const Comparison seen = CompareResults(base, other, Pairing::kPaired);
    EXPECT_FALSE(seen.is_conclusive());
    EXPECT_FALSE(seen.has_worse());
    for (const Compared& figure : seen.figures) {
      EXPECT_EQ(figure.verdict.kind, Comparative::kCannotTell) << figure.name;
    }
    EXPECT_THAT(ComparisonText(seen, Colour::kNone),
                ::testing::StartsWith("1 of 12 runs are INVALID: nothing is concluded"));
    const Comparison allowed = CompareResults(base, other, Pairing::kPaired, OfInvalid::kAllow);
    EXPECT_TRUE(allowed.is_conclusive());
    EXPECT_TRUE(allowed.has_worse());
  }
}

}  // namespace
}  // namespace ringmq::report
