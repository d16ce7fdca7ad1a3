// SPDX-License-Identifier: Apache-2.0
#include "measure/trend.h"

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "measure/paired.h"

namespace ringmq::measure {
namespace {

constexpr size_t kResamples = 400;

// Of pairs at the same instant, which resampling makes, there is none.
double SlopeOf(std::span<const TrendPoint> points, std::vector<double>& room) {
  room.clear();
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = i + 1; j < points.size(); ++j) {
      const double apart_s = points[j].at_s - points[i].at_s;
      if (apart_s != 0) room.push_back((points[j].value - points[i].value) / apart_s);
    }
  }
  if (room.empty()) return 0;
  const auto middle = room.begin() + static_cast<ptrdiff_t>(room.size() / 2);
  std::nth_element(room.begin(), middle, room.end());
  return *middle;
}

}  // namespace

Trend MeasureTrend(std::span<const TrendPoint> points, uint64_t seed) {
  if (points.size() < kTrendPointsMin) return {};
  const size_t count = std::min(points.size(), kTrendPointsMax);
  std::vector<TrendPoint> used;
  for (size_t i = 0; i < count; ++i) used.push_back(points[i * points.size() / count]);
  std::vector<double> room;
  Trend trend{.slope = SlopeOf(used, room)};
  base::Random random(seed);
  std::vector<double> slopes;
  std::vector<TrendPoint> drawn(used.size());
  for (size_t i = 0; i < kResamples; ++i) {
    for (TrendPoint& point : drawn) point = used[random.Below(used.size())];
    slopes.push_back(SlopeOf(drawn, room));
  }
  std::ranges::sort(slopes);
  constexpr size_t kOutside = kResamples / 40;  // 2.5 % on either side.
  trend.low = slopes[kOutside];
  trend.high = slopes[kResamples - 1 - kOutside];
  return trend;
}

}  // namespace ringmq::measure
