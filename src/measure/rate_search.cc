// SPDX-License-Identifier: Apache-2.0
#include "measure/rate_search.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/quantity.h"

namespace ringmq::measure {
namespace {

// Three digits are as exact as any tolerance that makes sense, and can be typed again.
double Rounded(double rate_per_s) {
  const double digit = std::pow(10, std::floor(std::log10(rate_per_s)) - 2);
  return std::round(rate_per_s / digit) * digit;
}

}  // namespace

std::string Describe(const SearchAnswer& answer) {
  const std::string holds = FormatRate(answer.holds_per_s);
  const std::string limit = FormatRate(answer.limit_per_s);
  switch (answer.kind) {
    case SearchAnswer::kFound:
      return absl::StrCat(holds, " hold, ", limit, " do not");
    case SearchAnswer::kAtLeast:
      return absl::StrCat("at least ", holds, " hold: at ", limit, " the generator is the limit");
    case SearchAnswer::kHoldsToTheEnd:
      return absl::StrCat("at least ", holds, " hold, which was the last to try");
    case SearchAnswer::kNothingHolds:
      return absl::StrCat("not even ", limit, " hold");
    case SearchAnswer::kNotMeasured:
      return absl::StrCat("nothing is known: at ", limit, " the generator is the limit already");
    case SearchAnswer::kStopped:
      return answer.holds_per_s > 0 ? absl::StrCat("at least ", holds, " hold: stopped there")
                                    : "nothing is known: stopped before anything held";
  }
  return "";
}

RateSearch::RateSearch(const RateSearchOptions& options) : options_(options) {
  RMQ_CHECK(options.from_per_s > 0);
  RMQ_CHECK(options.from_per_s <= options.to_per_s);
  RMQ_CHECK(options.factor > 1);
  RMQ_CHECK(options.tolerance > 0);
  RMQ_CHECK(options.tolerance < 1);
  next_ = Trial{.rate_per_s = options.from_per_s, .step = Trial::kClimb};
}

void RateSearch::Tell(TrialOutcome outcome) {
  RMQ_CHECK(next_.has_value());
  const double rate_per_s = next_->rate_per_s;
  if (outcome != TrialOutcome::kHolds && !first_outcome_.has_value()) {
    first_outcome_ = outcome;
    next_->step = Trial::kRepeat;
    return;
  }
  // Of two trials that did not hold one is enough to blame the target.
  if (outcome != TrialOutcome::kHolds && first_outcome_ == TrialOutcome::kFails) {
    outcome = TrialOutcome::kFails;
  }
  first_outcome_.reset();
  Decide(rate_per_s, outcome);
}

void RateSearch::Decide(double rate_per_s, TrialOutcome outcome) {
  if (outcome == TrialOutcome::kHolds) {
    holds_per_s_ = rate_per_s;
  } else {
    limit_per_s_ = rate_per_s;
    is_generators_limit_ = outcome == TrialOutcome::kGeneratorLimited;
  }
  next_.reset();
  if (holds_per_s_ == 0 || holds_per_s_ >= options_.to_per_s) return;
  if (limit_per_s_ == 0) {
    const double higher = std::min(holds_per_s_ * options_.factor, options_.to_per_s);
    next_ = Trial{.rate_per_s = higher, .step = Trial::kClimb};
  } else if (limit_per_s_ > holds_per_s_ * (1 + options_.tolerance)) {
    next_ = Trial{.rate_per_s = Between(), .step = Trial::kBisect};
  }
}

// The geometric mean: the tolerance is a ratio as well.
double RateSearch::Between() const {
  const double middle = std::sqrt(holds_per_s_ * limit_per_s_);
  const double rounded = Rounded(middle);
  return rounded > holds_per_s_ && rounded < limit_per_s_ ? rounded : middle;
}

void RateSearch::Stop() {
  is_stopped_ = is_stopped_ || next_.has_value();
  next_.reset();
}

SearchAnswer RateSearch::answer() const {
  RMQ_CHECK(!next_.has_value());
  SearchAnswer answer{.holds_per_s = holds_per_s_, .limit_per_s = limit_per_s_};
  if (is_stopped_) {
    answer.kind = SearchAnswer::kStopped;
  } else if (holds_per_s_ == 0) {
    answer.kind = is_generators_limit_ ? SearchAnswer::kNotMeasured : SearchAnswer::kNothingHolds;
  } else if (limit_per_s_ == 0) {
    answer.kind = SearchAnswer::kHoldsToTheEnd;
  } else {
    answer.kind = is_generators_limit_ ? SearchAnswer::kAtLeast : SearchAnswer::kFound;
  }
  return answer;
}

std::optional<double> KneeOf(std::span<const LatencyAtRate> curve) {
  // A bend less deep than that, as a share of the whole rise, is noise.
  constexpr double kDepthMin = 0.1;
  // Doublings, below which a curve is flat whatever its shape.
  constexpr double kRiseMin = 1;
  std::vector<LatencyAtRate> points;
  for (const LatencyAtRate& point : curve) {
    if (point.latency_ns > 0) points.push_back(point);
  }
  if (points.size() < 3) return std::nullopt;
  const auto height = [](const LatencyAtRate& point) {
    return std::log2(static_cast<double>(point.latency_ns));
  };
  const double low = height(points.front());
  const double rise = height(points.back()) - low;
  const double width = points.back().rate_per_s - points.front().rate_per_s;
  if (rise < kRiseMin || width <= 0) return std::nullopt;
  double deepest = kDepthMin;
  std::optional<double> knee;
  for (const LatencyAtRate& point : points) {
    const double depth =
        (point.rate_per_s - points.front().rate_per_s) / width - (height(point) - low) / rise;
    if (depth <= deepest) continue;
    deepest = depth;
    knee = point.rate_per_s;
  }
  return knee;
}

}  // namespace ringmq::measure
