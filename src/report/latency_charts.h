// How long it took, all of the run at once: percentile curves and a histogram.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "report/page.h"
#include "report/result.h"

namespace ringmq::report {

// A histogram that lives longer than the call, and how it is called.
struct Curve {
  std::string name;
  const measure::Histogram* histogram;
  int series = 0;
  bool is_faint = false;  // A single run beside what all of them come to.
};

// One line for each curve that has samples enough; each ends where fewer than 100 samples lie
// beyond. Nothing if no curve has.
[[nodiscard]] std::optional<Figure> PercentileCurves(std::string id, std::string title,
                                                     std::span<const Curve> curves);

// How many samples took how long. Nothing if there are no samples.
[[nodiscard]] std::optional<Figure> LatencyHistogram(const Curve& curve);

// The metric that a run is about: response, or what comes closest. Nothing: it measured none.
[[nodiscard]] std::optional<Metric> HeadlineMetric(const Result& result);

}  // namespace ringmq::report
