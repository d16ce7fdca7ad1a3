// Whether something grows or falls over a long run: a straight line through its windows, and how
// sure its slope is.
//
// The slope is the median of the slopes between all pairs of windows (Theil and Sen), which a few
// odd windows do not turn; its interval comes from drawing the windows again and again with
// replacement.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringmq::measure {

struct TrendPoint {
  double at_s = 0;
  double value = 0;
};

// All per second. Unusable (all zero) with fewer than kTrendPointsMin points.
struct Trend {
  double slope = 0;
  double low = 0;  // The interval has 95 %.
  double high = 0;

  [[nodiscard]] bool rises() const { return low > 0; }
  [[nodiscard]] bool falls() const { return high < 0; }
};

inline constexpr size_t kTrendPointsMin = 8;
// Of more points so many are used, evenly spaced: the cost is their square, times the resamples.
inline constexpr size_t kTrendPointsMax = 200;

[[nodiscard]] Trend MeasureTrend(std::span<const TrendPoint> points, uint64_t seed = 1);

}  // namespace ringmq::measure
