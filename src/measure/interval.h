// The run second by second, for the live display, the timeline of the report and its CSV.
//
// Rates come from exact counts. The percentiles of one interval are for the eye: they are given
// from the first sample on, and cannot be merged into those of the run, which have their own
// histograms.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "measure/histogram.h"

namespace ringmq::measure {

struct IntervalCounts {
  uint64_t offered = 0;   // Due by the schedule.
  uint64_t sent = 0;      // Taken by the socket.
  uint64_t acked = 0;     // At QoS 1 and 2.
  uint64_t received = 0;  // By all subscribers.
  uint64_t errors = 0;    // Failed connections, refusals, disconnections.

  bool operator==(const IntervalCounts&) const = default;
  void Add(const IntervalCounts& other);
};

// What the kernel says of the broker's process, if it is on this host.
struct BrokerSample {
  int64_t cpu_ns = 0;  // Since the process began.
  uint64_t rss_bytes = 0;
};

struct Interval {
  int64_t start_ns = 0;
  int64_t end_ns = 0;  // After start_ns.
  IntervalCounts counts;
  std::optional<int64_t> response_p50_ns;
  std::optional<int64_t> response_p99_ns;
  std::optional<int64_t> send_lag_p99_ns;
  std::optional<double> broker_cores;  // CPU seconds per second.
  std::optional<uint64_t> broker_rss_bytes;

  [[nodiscard]] double PerSecond(uint64_t count) const;
};

class TimeSeries {
 public:
  // Two hours of seconds. A longer run keeps the whole picture: each two intervals become one.
  static constexpr size_t kIntervalsMax = 7'200;

  explicit TimeSeries(int64_t start_ns) : end_ns_(start_ns) {}

  // Closes the interval that began with the last call, or with the start.
  // `totals` counts from the start of the run and never falls; the histograms hold this interval
  // only. Requires: now_ns is after the last one.
  void Append(int64_t now_ns, const IntervalCounts& totals, const Histogram& response,
              const Histogram& send_lag, const std::optional<BrokerSample>& broker);

  // Oldest first, without gaps. Valid until the next Append. The lengths differ: by a late tick,
  // and by a factor of two or more between old and new in a run of hours.
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

 private:
  void Halve();

  std::vector<Interval> intervals_;
  int64_t end_ns_;
  IntervalCounts totals_;
  std::optional<BrokerSample> broker_;
};

}  // namespace ringmq::measure
