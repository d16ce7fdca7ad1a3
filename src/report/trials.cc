// SPDX-License-Identifier: Apache-2.0
#include "report/trials.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/paired.h"
#include "report/figures.h"

namespace ringmq::report {
namespace {

// As many columns fit on a terminal beside each other.
constexpr size_t kFiguresMax = 6;
// Below the trials: median, least, most, interval of the median.
constexpr size_t kSpreadRows = 4;

// Of those trials, in their order, what each has of the figure.
using Cells = std::vector<std::optional<double>>;

Cells CellsOf(const KeyFigure& figure, std::span<const Result> trials) {
  Cells cells;
  for (const Result& trial : trials) cells.push_back(figure.of(trial));
  return cells;
}

bool HasAny(const KeyFigure& figure, std::span<const Result> trials) {
  return std::ranges::any_of(trials,
                             [&](const Result& trial) { return figure.of(trial).has_value(); });
}

// Which of them count: an interrupted one only if there is no other.
std::vector<size_t> CountedOf(std::span<const Result> trials) {
  std::vector<size_t> counted;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (!trials[i].interrupted) counted.push_back(i);
  }
  for (size_t i = 0; counted.empty() && i < trials.size(); ++i) counted.push_back(i);
  return counted;
}

// What says the same as another one in other words.
bool IsAside(const KeyFigure& figure, std::span<const Result> trials) {
  const auto have = [trials](Metric metric) {
    return std::ranges::any_of(
        trials, [metric](const Result& trial) { return trial.histograms[metric].count() > 0; });
  };
  const auto is_of = [&figure](Metric metric) {
    return figure.name.ends_with(absl::StrCat(" ", MetricTitle(metric)));
  };
  if (is_of(Metric::kService)) return have(Metric::kResponse);
  if (is_of(Metric::kConnack)) return have(Metric::kConnect);
  if (figure.name != "received per s") return false;
  return trials.front().scalars.contains("retained_per_s") ||
         trials.front().scalars.contains("drained_per_s");
}

std::vector<KeyFigure> Shown(std::span<const Result> trials) {
  std::vector<KeyFigure> shown;
  for (KeyFigure& figure : Figures()) {
    if (shown.size() == kFiguresMax) break;
    if (HasAny(figure, trials) && !IsAside(figure, trials)) shown.push_back(std::move(figure));
  }
  return shown;
}

std::string WhatIsWrong(const Result& trial) {
  if (trial.interrupted) return "it was interrupted, so it does not count";
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

// A cell for each row.
void AddColumn(const KeyFigure& figure, std::span<const Result> trials,
               const std::vector<size_t>& counted, std::vector<std::vector<std::string>>& rows) {
  const Cells cells = CellsOf(figure, trials);
  const size_t spread = trials.size() + 1;
  rows[0].push_back(figure.name);
  for (size_t i = 0; i < cells.size(); ++i) {
    rows[i + 1].push_back(cells[i] ? figure.text(*cells[i]) : "");
  }
  std::vector<double> values;
  for (const size_t i : counted) {
    if (cells[i]) values.push_back(*cells[i]);
  }
  if (values.empty()) {
    for (size_t i = 0; i < kSpreadRows; ++i) rows[spread + i].push_back("");
    return;
  }
  const measure::Ratio median = measure::MeasureMedian(values, {});
  rows[spread].push_back(figure.text(measure::Median(values)));
  rows[spread + 1].push_back(figure.text(*std::ranges::min_element(values)));
  rows[spread + 2].push_back(figure.text(*std::ranges::max_element(values)));
  rows[spread + 3].push_back(
      median.usable() ? absl::StrCat(figure.text(median.low), " to ", figure.text(median.high))
                      : "");
}

struct Candidate {
  KeyFigure figure;
  std::string what;  // "response": figures of the same thing.
};

// By which the middle is looked for: the tail of what matters most, then anything else.
std::vector<Candidate> ByPreference() {
  std::vector<Candidate> candidates;
  std::vector<Candidate> others;
  for (KeyFigure& figure : Figures()) {
    const bool is_tail = figure.name.starts_with("p99 ");
    if (is_tail || figure.name.starts_with("p50 ")) {
      candidates.push_back({figure, figure.name.substr(4)});
      if (is_tail) std::swap(candidates.back(), candidates[candidates.size() - 2]);
    } else {
      others.push_back({figure, figure.name});
    }
  }
  std::ranges::move(others, std::back_inserter(candidates));
  return candidates;
}

}  // namespace

Middle MiddleOf(std::span<const Result> trials) {
  RMQ_CHECK(!trials.empty());
  const std::vector<size_t> counted = CountedOf(trials);
  std::vector<size_t> order;
  Middle middle{.trial = counted.front()};
  bool is_descending = false;
  std::vector<double> values(trials.size());
  std::string what;
  for (const Candidate& candidate : ByPreference()) {
    const KeyFigure& figure = candidate.figure;
    if (!order.empty() && candidate.what != what) break;
    std::vector<size_t> those;
    for (const size_t i : counted) {
      if (figure.of(trials[i])) those.push_back(i);
    }
    if (those.size() <= order.size()) continue;
    order = those;
    what = candidate.what;
    middle.by = figure.name;
    is_descending = figure.direction == measure::Direction::kHigherIsBetter;
    for (const size_t i : those) values[i] = *figure.of(trials[i]);
  }
  if (order.empty()) return middle;
  std::ranges::stable_sort(order, {},
                           [&](size_t i) { return is_descending ? -values[i] : values[i]; });
  middle.trial = order[(order.size() - 1) / 2];
  return middle;
}

Result SummaryOf(std::span<const Result> trials) {
  const Middle middle = MiddleOf(trials);
  Result summary = trials[middle.trial];
  summary.trials_by = middle.by;
  auto& rows = summary.trials;
  rows.assign(1, {""});
  for (size_t i = 0; i < trials.size(); ++i) {
    rows.push_back({absl::StrCat("trial ", i + 1, i == middle.trial ? " (below)" : "")});
  }
  const std::vector<size_t> counted = CountedOf(trials);
  for (const char* const name : {"median", "min", "max", "95 % of the median"}) {
    rows.push_back({name});
  }
  for (const KeyFigure& figure : Shown(trials)) AddColumn(figure, trials, counted, rows);
  // It cannot be told of fewer than five.
  if (counted.size() < measure::kRunsMin) rows.pop_back();
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::string wrong = WhatIsWrong(trials[i]);
    if (!wrong.empty() && trials.size() > 1) {
      summary.notes.push_back(absl::StrCat("Trial ", i + 1, ": ", wrong));
    }
  }
  return summary;
}

}  // namespace ringmq::report
