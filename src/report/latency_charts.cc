// SPDX-License-Identifier: Apache-2.0
#include "report/latency_charts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "report/columns.h"
#include "report/plot.h"
#include "report/tables.h"

namespace ringmq::report {
namespace {

using measure::Histogram;

// Of a curve, for each nine.
constexpr int kPointsPerNine = 40;
constexpr int kBars = 60;
// Where a percentile chart begins: a single fast sample would make room for itself and nobody else.
constexpr double kLowestShown = 5;

// 1/(1-p) up to which the samples support a percentile; at most 1: none.
double SupportedPlace(const Histogram& histogram) {
  return static_cast<double>(histogram.count()) / Histogram::kSupportingSamples;
}

std::vector<Point> PointsOf(const Histogram& histogram) {
  std::vector<Point> points;
  const double end = SupportedPlace(histogram);
  for (int i = 0;; ++i) {
    const double place = std::min(std::pow(10, i / double{kPointsPerNine}), end);
    const double percentile = 100 - 100 / place;
    points.push_back({place, static_cast<double>(histogram.ValueAtPercentile(percentile))});
    if (place >= end) return points;
  }
}

std::string Title(const std::string& name, double percentile, int64_t ns) {
  return absl::StrCat(name, " ", PercentileName(percentile), ": ", measure::FormatTime(ns));
}

void AddDots(const Curve& curve, Plot& plot) {
  for (const double percentile : kShownPercentiles) {
    if (!curve.histogram->Supports(percentile)) continue;
    const int64_t ns = curve.histogram->ValueAtPercentile(percentile);
    plot.Dot({PercentilePlace(percentile), static_cast<double>(ns)}, curve.series,
             Title(curve.name, percentile, ns));
  }
}

}  // namespace

std::optional<Figure> PercentileCurves(std::string id, std::string title,
                                       std::span<const Curve> curves) {
  double end = 0;
  double low = INFINITY;
  double high = 0;
  std::vector<std::vector<Point>> lines;
  for (const Curve& curve : curves) {
    lines.emplace_back();
    if (SupportedPlace(*curve.histogram) < PercentilePlace(50)) continue;
    lines.back() = PointsOf(*curve.histogram);
    end = std::max(end, lines.back().back().x);
    low = std::min(low, static_cast<double>(curve.histogram->ValueAtPercentile(kLowestShown)));
    high = std::max(high, lines.back().back().y);
  }
  if (end == 0) return std::nullopt;
  Figure figure{.id = std::move(id), .title = std::move(title)};
  Plot plot(PercentileAxis("percentile", std::max(end, PercentilePlace(90))),
            LatencyAxis("latency", low, high), {.height_px = 300});
  for (size_t i = 0; i < curves.size(); ++i) {
    if (lines[i].empty()) continue;
    for (Point& point : lines[i]) {
      if (point.y < plot.y().scale.low()) point.y = NAN;
    }
    plot.Line(lines[i], curves[i].series, curves[i].is_faint ? "faint" : "");
    if (!curves[i].is_faint) figure.key.push_back({curves[i].name, curves[i].series});
  }
  for (size_t i = 0; i < curves.size(); ++i) {
    if (!lines[i].empty() && !curves[i].is_faint) AddDots(curves[i], plot);
  }
  figure.svg = plot.Svg(absl::StrCat(figure.title, ": latency over percentiles, each nine as wide ",
                                     "as the one before. The table has the numbers."));
  figure.note = "A curve ends where fewer than 100 samples lie beyond.";
  return figure;
}

std::optional<Figure> LatencyHistogram(const Curve& curve) {
  const Histogram& histogram = *curve.histogram;
  if (histogram.count() == 0) return std::nullopt;
  // A round range, so that the axis has no empty ends; wide enough to be one.
  constexpr double kLeastNs = Histogram::kLowestNs;
  constexpr double kMostNs = 9e18;  // Near the end of what an int64_t holds.
  const double least = std::clamp(static_cast<double>(histogram.min()), kLeastNs, kMostNs / 2);
  const double longest = static_cast<double>(histogram.max()) * 1.001;
  const double most = std::clamp(longest, least * 1.2, kMostNs);
  const double ratio = std::pow(most / least, 1.0 / kBars);
  std::vector<double> edges = {0};
  for (int i = 1; i <= kBars; ++i) edges.push_back(least * std::pow(ratio, i));
  std::vector<uint64_t> counts;
  for (size_t i = 0; i + 1 < edges.size(); ++i) {
    const bool is_last = i + 2 == edges.size();
    counts.push_back(
        histogram.CountBetween(static_cast<int64_t>(edges[i]),
                               is_last ? INT64_MAX : static_cast<int64_t>(edges[i + 1]) - 1));
  }
  edges.front() = least;
  const auto of_all = [&histogram](uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(histogram.count());
  };
  const double highest = of_all(*std::ranges::max_element(counts));
  Figure figure{.id = "histogram", .title = absl::StrCat("How many took how long: ", curve.name)};
  Plot plot(LatencyAxis("latency", least, most), ShareAxis("share of the samples", highest));
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    plot.Bar(
        edges[i], edges[i + 1], of_all(counts[i]), curve.series,
        absl::StrCat(measure::FormatTime(std::llround(edges[i])), " to ",
                     measure::FormatTime(std::llround(edges[i + 1])), ": ", GroupDigits(counts[i]),
                     " samples, ", absl::StrFormat("%.3g %%", of_all(counts[i]) * 100)));
  }
  figure.svg = plot.Svg(absl::StrCat(
      "Histogram of ", curve.name, " latency, ", GroupDigits(histogram.count()), " samples from ",
      measure::FormatTime(histogram.min()), " to ", measure::FormatTime(histogram.max()), "."));
  figure.note = absl::StrCat(GroupDigits(histogram.count()), " samples, each bar ",
                             absl::StrFormat("%.3g", (ratio - 1) * 100), " % wide.");
  return figure;
}

std::optional<Metric> HeadlineMetric(const Result& result) {
  for (const Metric metric : {Metric::kResponse, Metric::kService, Metric::kAck, Metric::kWill,
                              Metric::kLastMessage, Metric::kConnect}) {
    if (metric == Metric::kResponse && result.closed_loop) continue;
    if (result.histograms[metric].count() > 0) return metric;
  }
  return std::nullopt;
}

}  // namespace ringmq::report
