// SPDX-License-Identifier: Apache-2.0
#include "report/trials.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/paired.h"
#include "report/figures.h"

namespace ringmq::report {
namespace {

// As many columns fit on a terminal beside each other.
constexpr size_t kFiguresMax = 6;

// Those that every trial has, without service time where there is response time.
std::vector<Figure> Shown(std::span<const Result> trials) {
  std::vector<Figure> shown;
  const bool has_response = trials.front().histograms[Metric::kResponse].count() > 0;
  for (Figure& figure : Figures()) {
    if (has_response && figure.name.ends_with(MetricTitle(Metric::kService))) continue;
    if (shown.size() < kFiguresMax && !ValuesOf(figure, trials).empty()) {
      shown.push_back(std::move(figure));
    }
  }
  return shown;
}

std::string WhatIsWrong(const Result& trial) {
  if (!trial.verdict.is_valid()) return trial.verdict.text;
  if (!trial.errors.connect_errors.empty()) return trial.errors.connect_errors.begin()->first;
  if (!trial.errors.by_reason.empty()) {
    return ReasonName(trial.errors.by_reason.begin()->first);
  }
  for (const Asserted& asserted : AllAssertions(trial)) {
    if (!asserted.known || !asserted.holds) return asserted.text;
  }
  return "";
}

}  // namespace

size_t MiddleOf(std::span<const Result> trials) {
  RMQ_CHECK(!trials.empty());
  std::vector<double> values;
  for (const Metric metric :
       {Metric::kResponse, Metric::kService, Metric::kAck, Metric::kConnack}) {
    const bool have_all = std::ranges::all_of(
        trials, [metric](const Result& trial) { return trial.histograms[metric].count() > 0; });
    if (!have_all) continue;
    for (const Result& trial : trials) {
      values.push_back(static_cast<double>(trial.histograms[metric].ValueAtPercentile(99)));
    }
    break;
  }
  if (values.empty()) {
    for (const Result& trial : trials) values.push_back(-trial.rates.received_per_s);
  }
  std::vector<size_t> order(trials.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&values](size_t i) { return values[i]; });
  return order[(order.size() - 1) / 2];
}

Result SummaryOf(std::span<const Result> trials) {
  const size_t middle = MiddleOf(trials);
  Result summary = trials[middle];
  const std::vector<Figure> figures = Shown(trials);
  auto& rows = summary.trials;
  rows.assign(1, {""});
  for (size_t i = 0; i < trials.size(); ++i) {
    rows.push_back({absl::StrCat("trial ", i + 1, i == middle ? " (below)" : "")});
  }
  const size_t spread = rows.size();
  for (const char* const name : {"median", "min", "max", "95 % of the median"}) {
    rows.push_back({name});
  }
  for (const Figure& figure : figures) {
    const std::vector<double> values = ValuesOf(figure, trials);
    rows[0].push_back(figure.name);
    for (size_t i = 0; i < values.size(); ++i) rows[i + 1].push_back(figure.text(values[i]));
    const measure::Ratio median = measure::MeasureMedian(values, {});
    rows[spread].push_back(figure.text(measure::Median(values)));
    rows[spread + 1].push_back(figure.text(*std::ranges::min_element(values)));
    rows[spread + 2].push_back(figure.text(*std::ranges::max_element(values)));
    rows[spread + 3].push_back(
        median.usable() ? absl::StrCat(figure.text(median.low), " to ", figure.text(median.high))
                        : "");
  }
  // It cannot be told of fewer than five.
  if (trials.size() < measure::kRunsMin) rows.pop_back();
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::string wrong = WhatIsWrong(trials[i]);
    if (!wrong.empty() && trials.size() > 1) {
      summary.notes.push_back(absl::StrCat("Trial ", i + 1, ": ", wrong));
    }
  }
  return summary;
}

}  // namespace ringmq::report
