// The axes of a chart: where a value lies, and which values are written beside it.
//
// What is drawn comes from a file, so an axis may be made of any number; of those that make no
// sense, something comes out that is an axis.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringmq::report {

class Scale {
 public:
  enum class Kind : uint8_t { kLinear, kLog };

  // Requires: low < high; with kLog also 0 < low.
  Scale(Kind kind, double low, double high);

  // The value's place in [0, 1]; what lies outside is moved to the end it is nearer to.
  [[nodiscard]] double Of(double value) const;

  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
  double low_;
  double high_;
};

struct Tick {
  double at = 0;               // A value of the scale.
  std::string label{};         // Empty: a line without a number.
  bool is_expendable = false;  // Its label may go where there is little room.
};

struct Axis {
  std::string title;  // With the unit, unless the labels have it.
  Scale scale;
  std::vector<Tick> ticks;
};

// Times in ns: logarithmic if they differ by much, else linear from zero.
[[nodiscard]] Axis LatencyAxis(std::string title, double low_ns, double high_ns);

// Linear from zero to something round that is not below `high`.
[[nodiscard]] Axis TimeAmountAxis(std::string title, double high_ns);
[[nodiscard]] Axis CountAxis(std::string title, double high);
[[nodiscard]] Axis ShareAxis(std::string title, double high);  // Of shares in [0, 1].
[[nodiscard]] Axis BytesAxis(std::string title, double high);

// Rates on x: linear from zero, or logarithmic if they differ by much.
// Requires: 0 < low.
[[nodiscard]] Axis RateAxis(std::string title, double low, double high);

// Seconds, with ticks as on a clock; at least one, and zero is among them.
[[nodiscard]] Axis ClockAxis(std::string title, double low_s, double high_s);

// Percentiles, each nine as wide as the one before: the value is 1/(1-p), p in [0, 1).
// Requires: 1 < high.
[[nodiscard]] Axis PercentileAxis(std::string title, double high);
[[nodiscard]] double PercentilePlace(double percentile);  // 99 -> 100

// "100µs", "2ms", "1.5s": as FormatTime() without a zero behind the point; likewise the others.
[[nodiscard]] std::string BriefTime(double ns);
[[nodiscard]] std::string BriefCount(double count);
[[nodiscard]] std::string BriefBytes(double bytes);
[[nodiscard]] std::string BriefClock(double s);  // "30s", "5m", "1h10m"

}  // namespace ringmq::report
