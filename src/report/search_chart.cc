// SPDX-License-Identifier: Apache-2.0
#include "report/search_chart.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "measure/quantity.h"
#include "measure/rate_search.h"
#include "report/plot.h"

namespace ringmq::report {
namespace {

using measure::FormatRate;
using measure::FormatTime;

struct Quantile {
  const char* name;
  int64_t SearchPoint::*ns;
};

constexpr Quantile kQuantiles[] = {
    {"p50", &SearchPoint::p50_ns}, {"p99", &SearchPoint::p99_ns}, {"p99.9", &SearchPoint::p999_ns}};

// Where latency begins to cost more than load gains, and where it became too much. Returns what the
// marks mean. Requires: rising rates.
std::string AddMarks(const Result& result, const std::vector<SearchPoint>& points, Plot& plot) {
  std::vector<measure::LatencyAtRate> curve;
  for (const SearchPoint& point : points) curve.push_back({point.rate_per_s, point.p99_ns});
  std::string note;
  if (const std::optional<double> knee = measure::KneeOf(curve)) {
    plot.Mark(*knee, absl::StrCat("knee ", measure::FormatRateBriefly(*knee)));
    note = "From the knee on p99 rises out of proportion. ";
  }
  const SearchPoint* const best = HighestThatHolds(result);
  if (best == nullptr) return note + "No rate held what was demanded.";
  plot.Mark(best->rate_per_s, absl::StrCat("holds ", measure::FormatRateBriefly(best->rate_per_s)));
  return note + "\"holds\" is the highest rate that held what was demanded.";
}

}  // namespace

const SearchPoint* HighestThatHolds(const Result& result) {
  const SearchPoint* best = nullptr;
  for (const SearchPoint& point : result.search) {
    if (point.holds && (best == nullptr || point.rate_per_s > best->rate_per_s)) best = &point;
  }
  return best;
}

std::optional<Figure> SaturationCurve(const Result& result) {
  double low_rate = INFINITY;
  double high_rate = 0;
  double low_ns = INFINITY;
  double high_ns = 0;
  for (const SearchPoint& point : result.search) {
    if (!(point.rate_per_s > 0)) continue;
    low_rate = std::min(low_rate, point.rate_per_s);
    high_rate = std::max(high_rate, point.rate_per_s);
    for (const Quantile& quantile : kQuantiles) {
      const auto ns = static_cast<double>(point.*quantile.ns);
      if (ns <= 0) continue;
      low_ns = std::min(low_ns, ns);
      high_ns = std::max(high_ns, ns);
    }
  }
  if (high_rate == 0 || high_ns == 0) return std::nullopt;
  std::vector<SearchPoint> points = result.search;
  std::ranges::sort(points, {}, &SearchPoint::rate_per_s);
  Figure figure{.id = "saturation", .title = "Latency by rate"};
  Plot plot(RateAxis("messages per second", low_rate, high_rate),
            LatencyAxis("latency", low_ns, high_ns), {.height_px = 300});
  figure.note = AddMarks(result, points, plot);
  for (int series = 0; series < static_cast<int>(std::size(kQuantiles)); ++series) {
    const Quantile& quantile = kQuantiles[series];
    std::vector<Point> line;
    for (const SearchPoint& point : points) {
      const auto ns = static_cast<double>(point.*quantile.ns);
      line.push_back({point.rate_per_s, ns > 0 ? ns : NAN});
    }
    plot.Line(line, series);
    figure.key.push_back({quantile.name, series});
  }
  for (int series = 0; series < static_cast<int>(std::size(kQuantiles)); ++series) {
    const Quantile& quantile = kQuantiles[series];
    for (const SearchPoint& point : points) {
      if (point.*quantile.ns <= 0) continue;
      plot.Dot({point.rate_per_s, static_cast<double>(point.*quantile.ns)}, series,
               absl::StrCat(quantile.name, " at ", FormatRate(point.rate_per_s), ": ",
                            FormatTime(point.*quantile.ns), point.holds ? "" : " (does not hold)",
                            point.is_valid ? "" : " (INVALID)"),
               point.result_file);
    }
  }
  figure.svg = plot.Svg("Saturation curve: latency over the rate. The table has the numbers.");
  return figure;
}

}  // namespace ringmq::report
