// SPDX-License-Identifier: Apache-2.0
#include "measure/paired.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/random.h"

namespace ringmq::measure {
namespace {

double MedianInPlace(std::vector<double>& values) {
  RMQ_CHECK(!values.empty());
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Of as many values drawn with replacement as there are. `room` is only memory to work in.
double ResampledMedian(std::span<const double> values, base::Random& random,
                       std::vector<double>& room) {
  room.resize(values.size());
  for (double& value : room) value = values[random.Below(values.size())];
  return MedianInPlace(room);
}

bool Usable(std::span<const double> values) {
  return values.size() >= kRunsMin && std::all_of(values.begin(), values.end(), [](double value) {
           return std::isfinite(value) && value > 0;
         });
}

// The ends that leave out equally much on both sides.
Ratio IntervalOf(double estimate, std::vector<double>& resampled, double confidence) {
  std::sort(resampled.begin(), resampled.end());
  const auto count = static_cast<double>(resampled.size());
  const auto outside = static_cast<size_t>(count * (1 - confidence) / 2);
  return {.estimate = estimate,
          .low = resampled[outside],
          .high = resampled[resampled.size() - 1 - outside]};
}

std::string Percent(double ratio) { return absl::StrFormat("%+.1f", (ratio - 1) * 100); }

}  // namespace

double Median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return MedianInPlace(copy);
}

Ratio MeasureRatio(std::span<const double> baseline, std::span<const double> candidate,
                   const RatioOptions& options) {
  const bool paired = options.pairing == Pairing::kPaired;
  RMQ_CHECK(!paired || baseline.size() == candidate.size());
  RMQ_CHECK(options.resamples > 0);
  RMQ_CHECK(options.confidence > 0 && options.confidence < 1);
  if (!Usable(baseline) || !Usable(candidate)) return {};

  std::vector<double> ratios;
  for (size_t i = 0; paired && i < baseline.size(); ++i) {
    ratios.push_back(candidate[i] / baseline[i]);
  }
  const double estimate = paired ? Median(ratios) : Median(candidate) / Median(baseline);

  base::Random random(options.seed);
  std::vector<double> room;
  std::vector<double> resampled(options.resamples);
  for (double& ratio : resampled) {
    if (paired) {
      ratio = ResampledMedian(ratios, random, room);
    } else {
      const double above = ResampledMedian(candidate, random, room);
      ratio = above / ResampledMedian(baseline, random, room);
    }
  }
  return IntervalOf(estimate, resampled, options.confidence);
}

Ratio MeasureMedian(std::span<const double> values, const RatioOptions& options) {
  RMQ_CHECK(options.resamples > 0);
  RMQ_CHECK(options.confidence > 0 && options.confidence < 1);
  if (!Usable(values)) return {};
  base::Random random(options.seed);
  std::vector<double> room;
  std::vector<double> resampled(options.resamples);
  for (double& median : resampled) median = ResampledMedian(values, random, room);
  return IntervalOf(Median(values), resampled, options.confidence);
}

Comparative Compare(const Ratio& ratio, Direction direction) {
  if (!ratio.usable()) {
    return {Comparative::kCannotTell,
            absl::StrCat("cannot tell: fewer than ", kRunsMin, " runs, or a value of zero")};
  }
  const std::string numbers = absl::StrCat(Percent(ratio.estimate), " % (", Percent(ratio.low),
                                           " to ", Percent(ratio.high), " %)");
  if (ratio.low >= 1 - kEquivalentWithin && ratio.high <= 1 + kEquivalentWithin) {
    return {Comparative::kEquivalent,
            absl::StrFormat("equivalent within ±%.0f %%: %s", kEquivalentWithin * 100, numbers)};
  }
  if (ratio.low <= 1 && ratio.high >= 1) {
    return {Comparative::kCannotTell, absl::StrCat("cannot tell: ", numbers)};
  }
  const bool lower = ratio.high < 1;
  if (lower == (direction == Direction::kLowerIsBetter)) {
    return {Comparative::kBetter, absl::StrCat("better: ", numbers)};
  }
  return {Comparative::kWorse, absl::StrCat("worse: ", numbers)};
}

}  // namespace ringmq::measure
