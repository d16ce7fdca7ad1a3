// SPDX-License-Identifier: Apache-2.0
#include "report/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/quantity.h"
#include "report/tables.h"

namespace ringmq::report {
namespace {

// Values that differ by less are better told apart on a linear axis.
constexpr double kLogRatioMin = 8;
constexpr double kTicksWanted = 5;
// What is highest does not touch the frame.
constexpr double kHeadroom = 1.02;

// A file may hold any number, and charts need no more than these: thirty years in nanoseconds, and
// twelve decades beneath them.
constexpr double kMost = 1e18;
constexpr double kMostSeconds = 1e9;
constexpr double kDecadesMost = 1e12;

using TextOf = std::string (*)(double);

// "2.0ms" -> "2ms"
std::string WithoutZero(std::string text) {
  const size_t at = text.find(".0");
  const bool is_all =
      at != std::string::npos &&
      (at + 2 == text.size() || !absl::ascii_isdigit(static_cast<unsigned char>(text[at + 2])));
  return is_all ? text.erase(at, 2) : text;
}

// 1, 2 or 5 times a power of ten, so that about kTicksWanted steps make `range`.
double RoundStep(double range) {
  const double rough = range / kTicksWanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= power * factor * 1.001) return power * factor;
  }
  return power * 10;
}

// The nearest of 1, 2 and 5 times a power of ten that is not above `value`, or not below it.
double RoundDown(double value) {
  const double power = std::pow(10, std::floor(std::log10(value) + 1e-9));
  const double factor = value / power * (1 + 1e-9);
  return power * (factor >= 5 ? 5 : factor >= 2 ? 2 : 1);
}
double RoundUp(double value) {
  const double down = RoundDown(value);
  return down > value * (1 - 1e-9) ? down : RoundDown(down * 2.5);
}

Axis FromZero(std::string title, double high, double unit, TextOf text) {
  high = high > 0 ? std::clamp(high, unit * 1e-6, kMost) : unit;
  const double step = RoundStep(high / unit) * unit;
  const double steps = std::max(std::ceil(high / step * kHeadroom), 1.0);
  Axis axis{std::move(title), Scale(Scale::Kind::kLinear, 0, steps * step), {}};
  for (int i = 0; i <= static_cast<int>(steps); ++i) {
    axis.ticks.push_back(
        {.at = i * step, .label = i == 0 ? "0" : text(i * step), .is_expendable = i % 2 == 1});
  }
  return axis;
}

// From one round number to another: 1, 2 and 5 of each decade, of which few get a label if there
// are many.
// Requires: low < high.
Axis Logarithmic(std::string title, double low, double high, TextOf text) {
  const double first = RoundDown(std::max(low, high / kDecadesMost));
  const double last = RoundUp(high);
  const bool has_many = last / first > 200;
  Axis axis{std::move(title), Scale(Scale::Kind::kLog, first, last), {}};
  const int decade_first = static_cast<int>(std::floor(std::log10(first) + 1e-9));
  const int decade_last = static_cast<int>(std::ceil(std::log10(last) - 1e-9));
  for (int decade = decade_first; decade <= decade_last; ++decade) {
    for (const int factor : {1, 2, 5}) {
      const double at = factor * std::pow(10, decade);
      if (at < first * 0.999 || at > last * 1.001) continue;
      const bool has_label = factor == 1 || !has_many;
      axis.ticks.push_back(
          {.at = at, .label = has_label ? text(at) : "", .is_expendable = factor != 1});
    }
  }
  return axis;
}

}  // namespace

Scale::Scale(Kind kind, double low, double high) : kind_(kind), low_(low), high_(high) {
  RMQ_CHECK(low < high);
  RMQ_CHECK(kind == Kind::kLinear || low > 0);
}

double Scale::Of(double value) const {
  const double inside = std::clamp(value, low_, high_);
  if (kind_ == Kind::kLinear) return (inside - low_) / (high_ - low_);
  return std::log(inside / low_) / std::log(high_ / low_);
}

Axis LatencyAxis(std::string title, double low_ns, double high_ns) {
  // Less than the histogram can tell apart is no reason for another decade.
  constexpr double kLeastNs = 500;
  high_ns = std::min(high_ns, kMost);
  const double low = std::max(low_ns, kLeastNs);
  if (high_ns < low * kLogRatioMin) return TimeAmountAxis(std::move(title), high_ns);
  return Logarithmic(absl::StrCat(title, " (logarithmic)"), low, high_ns, BriefTime);
}

Axis TimeAmountAxis(std::string title, double high_ns) {
  constexpr double kMicrosecond = 1'000;
  return FromZero(std::move(title), high_ns, high_ns < kMicrosecond ? 1 : kMicrosecond, BriefTime);
}

Axis CountAxis(std::string title, double high) {
  return FromZero(std::move(title), high, 1, BriefCount);
}

Axis ShareAxis(std::string title, double high) {
  return FromZero(std::move(title), high, 0.01,
                  [](double share) { return WithoutZero(measure::FormatShare(share)); });
}

Axis BytesAxis(std::string title, double high) {
  double unit = 1;
  while (std::min(high, kMost) >= unit * 1024) unit *= 1024;
  return FromZero(std::move(title), high, unit, BriefBytes);
}

Axis RateAxis(std::string title, double low, double high) {
  high = std::min(high, kMost);
  if (high < low * kLogRatioMin * 4) return CountAxis(std::move(title), high);
  return Logarithmic(absl::StrCat(title, " (logarithmic)"), low, high, BriefCount);
}

Axis ClockAxis(std::string title, double low_s, double high_s) {
  constexpr double kSteps[] = {0.1,   0.2,   0.5,   1,      2,      5,      10,
                               20,    30,    60,    120,    300,    600,    1'200,
                               1'800, 3'600, 7'200, 14'400, 21'600, 43'200, 86'400};
  constexpr double kClockTicksMax = 10;
  low_s = std::clamp(low_s, -kMostSeconds, 0.0);
  high_s = std::clamp(high_s, low_s + 1, kMostSeconds);
  double step = kSteps[0];
  for (const double each : kSteps) {
    step = each;
    if ((high_s - low_s) / step <= kClockTicksMax) break;
  }
  while ((high_s - low_s) / step > kClockTicksMax) step *= 2;  // Runs of weeks.
  Axis axis{std::move(title), Scale(Scale::Kind::kLinear, low_s, high_s), {}};
  const auto first = std::llround(std::ceil(low_s / step - 1e-9));
  const auto last = std::llround(std::floor(high_s / step + 1e-9));
  for (auto i = first; i <= last; ++i) {
    const double at = static_cast<double>(i) * step;
    axis.ticks.push_back({.at = at, .label = BriefClock(at), .is_expendable = i % 2 != 0});
  }
  return axis;
}

Axis PercentileAxis(std::string title, double high) {
  constexpr double kPercentiles[] = {50, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999};
  // From here on a screen has no room for all of them.
  constexpr double kCrowded = 1e6;
  Axis axis{std::move(title), Scale(Scale::Kind::kLog, 1, high), {}};
  axis.ticks.push_back({.at = 1, .label = "p0", .is_expendable = true});
  bool is_second = true;
  for (const double percentile : kPercentiles) {
    const double place = PercentilePlace(percentile);
    if (place > high * 1.001) break;
    axis.ticks.push_back({.at = place,
                          .label = PercentileName(percentile),
                          .is_expendable = is_second && high > kCrowded});
    is_second = !is_second;
  }
  return axis;
}

double PercentilePlace(double percentile) { return 100 / (100 - percentile); }

std::string BriefTime(double ns) { return WithoutZero(measure::FormatTime(std::llround(ns))); }

std::string BriefCount(double count) {
  // FormatCount() keeps one digit behind the point, too few for "0.05".
  if (count > 0 && count < 1) return absl::StrCat(count);
  return WithoutZero(measure::FormatCount(count));
}

std::string BriefBytes(double bytes) { return WithoutZero(measure::FormatBytes(bytes)); }

std::string BriefClock(double s) {
  const std::string sign = s < 0 ? "-" : "";
  const double length = std::abs(s);
  if (length == 0) return "0";
  if (length < 60) return absl::StrCat(sign, length, "s");
  const auto whole = std::llround(length);
  const auto h = whole / 3'600;
  const auto m = whole % 3'600 / 60;
  const auto rest = whole % 60;
  return absl::StrCat(sign, h > 0 ? absl::StrCat(h, "h") : "", m > 0 ? absl::StrCat(m, "m") : "",
                      rest > 0 ? absl::StrCat(rest, "s") : "");
}

}  // namespace ringmq::report
