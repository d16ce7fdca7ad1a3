// What somebody else (a broker, mostly) says of itself while a run goes: pages of metrics in
// Prometheus' text format, or numbers in topics. Put together from looks, one after the other.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "report/result.h"

namespace ringmq::report {

struct TelemetrySample {
  enum class Kind : uint8_t {
    kCounter,
    kGauge,
    kUnknown,  // A counter if it is whole, has grown, and never fell.
  };
  std::string name;  // With its labels.
  double value = 0;
  Kind kind = Kind::kUnknown;
};

// The samples of a page. Any text is legal to pass: lines that are none are left out, and a page
// that begins with '<' has none. What has no
// type is a counter if its name ends as those of counters do.
[[nodiscard]] std::vector<TelemetrySample> ParseMetrics(std::string_view text);

class TelemetryLog {
 public:
  // What was seen then. Times never fall.
  void Add(double at_s, const std::vector<TelemetrySample>& samples);
  [[nodiscard]] uint64_t looks() const { return looks_; }

  // Counters that have changed, and all gauges, by name. A counter that was not there at first
  // counts from zero and from the look before; one that fell began anew. Times are since
  // `began_s`; before it they are negative.
  [[nodiscard]] Telemetry Take(const std::string& source, double began_s) const;

 private:
  struct Track {
    TelemetrySample::Kind kind{};
    double first = 0;
    double last = 0;
    double grown = 0;
    double steepest_per_s = 0;
    double from_s = 0;  // Of `first`,
    double at_s = 0;    // and of `last`.
    double min = 0;
    double max = 0;
    double sum = 0;
    uint64_t count = 0;
    bool fell = false;
    bool is_whole = true;
  };
  void AddTo(Track& track, double at_s, const TelemetrySample& sample) const;
  static bool IsCounter(const Track& track);

  uint64_t looks_ = 0;
  double from_s_ = 0;
  double to_s_ = 0;
  std::map<std::string, Track> tracks_;
};

// Whether a counter rose or a gauge moved.
[[nodiscard]] bool HasChanged(const Telemetry& telemetry);

}  // namespace ringmq::report
