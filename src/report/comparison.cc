// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "report/figures.h"

namespace ringmq::report {
namespace {

std::string_view ValueIn(const Result& result, std::string_view key) {
  for (const auto& [name, value] : result.config) {
    if (name == key) return value;
  }
  return "nothing";
}

// What was asked for has to be the same but for the broker that was asked.
void AddDoubts(const Result& first, const Result& other, std::vector<std::string>& doubts) {
  const auto differ = [&doubts](std::string_view what, std::string_view a, std::string_view b) {
    if (a == b) return;
    std::string doubt =
        absl::StrCat(std::string(what), " differs: ", std::string(a), " and ", std::string(b));
    if (std::ranges::find(doubts, doubt) == doubts.end()) doubts.push_back(std::move(doubt));
  };
  differ("the scenario", first.scenario, other.scenario);
  differ("the number of clients", first.title, other.title);
  for (const auto& [name, value] : first.config) {
    if (name != "url") differ(name, value, ValueIn(other, name));
  }
}

void AddInvalid(std::span<const Result> results, Comparison& comparison) {
  comparison.runs += results.size();
  for (const Result& result : results) {
    if (result.verdict.is_valid()) continue;
    ++comparison.invalid_runs;
    comparison.doubts.push_back(
        absl::StrCat("the run of ", result.start_time, " is ", result.verdict.text));
  }
}

Ink InkOf(measure::Comparative::Kind kind) {
  switch (kind) {
    case measure::Comparative::kBetter:
      return Ink::kGood;
    case measure::Comparative::kWorse:
      return Ink::kBad;
    case measure::Comparative::kEquivalent:
      return Ink::kPlain;
    case measure::Comparative::kCannotTell:
      return Ink::kFaint;
  }
  RMQ_CHECK(false);
}

}  // namespace

bool Comparison::has_worse() const {
  return std::ranges::any_of(
      figures, [](const Compared& c) { return c.verdict.kind == measure::Comparative::kWorse; });
}

std::string Comparison::warning() const {
  if (invalid_runs == 0) return "";
  const std::string what = absl::StrCat(invalid_runs, " of ", runs, " runs are INVALID");
  if (is_conclusive()) return what + ", which was allowed: the differences may be the tool's";
  return what + ": nothing is concluded from them (--allow-invalid does)";
}

Comparison CompareResults(std::span<const Result> baseline, std::span<const Result> candidate,
                          measure::Pairing pairing, OfInvalid of_invalid) {
  RMQ_CHECK(!baseline.empty() && !candidate.empty());
  Comparison comparison;
  comparison.allows_invalid = of_invalid == OfInvalid::kAllow;
  for (const Result& result : baseline) AddDoubts(baseline.front(), result, comparison.doubts);
  for (const Result& result : candidate) AddDoubts(baseline.front(), result, comparison.doubts);
  AddInvalid(baseline, comparison);
  AddInvalid(candidate, comparison);
  const measure::Comparative kNothing = {measure::Comparative::kCannotTell, "not concluded"};
  for (const KeyFigure& figure : Figures()) {
    const std::vector<double> before = ValuesOf(figure, baseline);
    const std::vector<double> after = ValuesOf(figure, candidate);
    if (before.empty() || after.empty()) continue;
    const measure::Ratio ratio = measure::MeasureRatio(before, after, {.pairing = pairing});
    comparison.figures.push_back({.name = figure.name,
                                  .baseline = figure.text(measure::Median(before)),
                                  .candidate = figure.text(measure::Median(after)),
                                  .ratio = ratio,
                                  .verdict = comparison.is_conclusive()
                                                 ? measure::Compare(ratio, figure.direction)
                                                 : kNothing});
  }
  return comparison;
}

std::string ComparisonText(const Comparison& comparison, Colour colour) {
  constexpr size_t kNameColumns = 30;
  constexpr size_t kValueColumns = 14;
  std::string text;
  if (!comparison.warning().empty()) {
    text = Paint(comparison.warning(), Ink::kBad, colour) + "\n";
  }
  text += comparison.figures.empty() ? "There is no figure that all of the runs have.\n"
                                     : PadRight("", kNameColumns) + PadLeft("A", kValueColumns) +
                                           PadLeft("B", kValueColumns) + "\n";
  for (const Compared& figure : comparison.figures) {
    const bool is_told = figure.verdict.kind != measure::Comparative::kCannotTell;
    text += PadRight(figure.name, kNameColumns) + PadLeft(figure.baseline, kValueColumns) +
            PadLeft(figure.candidate, kValueColumns) + (is_told ? "  B is " : "  ") +
            Paint(figure.verdict.text, InkOf(figure.verdict.kind), colour) + "\n";
  }
  for (const std::string& doubt : comparison.doubts) {
    text += Paint("! " + Printable(doubt), Ink::kWarning, colour) + "\n";
  }
  return text;
}

}  // namespace ringmq::report
