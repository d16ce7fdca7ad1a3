// SPDX-License-Identifier: Apache-2.0
#include "measure/interval.h"

#include <algorithm>

#include "base/check.h"

namespace ringmq::measure {
namespace {

IntervalCounts Difference(const IntervalCounts& now, const IntervalCounts& before) {
  RMQ_CHECK(now.offered >= before.offered);
  RMQ_CHECK(now.sent >= before.sent);
  RMQ_CHECK(now.acked >= before.acked);
  RMQ_CHECK(now.received >= before.received);
  RMQ_CHECK(now.errors >= before.errors);
  return {.offered = now.offered - before.offered,
          .sent = now.sent - before.sent,
          .acked = now.acked - before.acked,
          .received = now.received - before.received,
          .errors = now.errors - before.errors};
}

std::optional<int64_t> Percentile(const Histogram& histogram, double percentile) {
  if (histogram.count() == 0) return std::nullopt;
  return histogram.ValueAtPercentile(percentile);
}

// One interval out of two neighbours. Percentiles cannot be merged; the worse one is kept, so that
// a peak stays visible.
Interval Join(const Interval& first, const Interval& second) {
  Interval both = first;
  both.end_ns = second.end_ns;
  both.counts.Add(second.counts);
  // An empty optional is less than any value.
  both.response_p50_ns = std::max(first.response_p50_ns, second.response_p50_ns);
  both.response_p99_ns = std::max(first.response_p99_ns, second.response_p99_ns);
  both.send_lag_p99_ns = std::max(first.send_lag_p99_ns, second.send_lag_p99_ns);
  both.broker_rss_bytes = std::max(first.broker_rss_bytes, second.broker_rss_bytes);
  if (first.broker_cores && second.broker_cores) {
    const auto first_ns = static_cast<double>(first.end_ns - first.start_ns);
    const auto second_ns = static_cast<double>(second.end_ns - second.start_ns);
    both.broker_cores = (*first.broker_cores * first_ns + *second.broker_cores * second_ns) /
                        (first_ns + second_ns);
  } else {
    both.broker_cores = std::max(first.broker_cores, second.broker_cores);
  }
  return both;
}

}  // namespace

void IntervalCounts::Add(const IntervalCounts& other) {
  offered += other.offered;
  sent += other.sent;
  acked += other.acked;
  received += other.received;
  errors += other.errors;
}

double Interval::PerSecond(uint64_t count) const {
  return static_cast<double>(count) * 1e9 / static_cast<double>(end_ns - start_ns);
}

void TimeSeries::Append(int64_t now_ns, const IntervalCounts& totals, const Histogram& response,
                        const Histogram& send_lag, const std::optional<BrokerSample>& broker) {
  RMQ_CHECK(now_ns > end_ns_);
  if (intervals_.size() == kIntervalsMax) Halve();
  Interval interval;
  interval.start_ns = end_ns_;
  interval.end_ns = now_ns;
  interval.counts = Difference(totals, totals_);
  interval.response_p50_ns = Percentile(response, 50);
  interval.response_p99_ns = Percentile(response, 99);
  interval.send_lag_p99_ns = Percentile(send_lag, 99);
  if (broker) {
    interval.broker_rss_bytes = broker->rss_bytes;
    // A broker that was restarted begins again at zero: nothing can be said of that interval.
    if (broker_ && broker->cpu_ns >= broker_->cpu_ns) {
      interval.broker_cores = static_cast<double>(broker->cpu_ns - broker_->cpu_ns) /
                              static_cast<double>(now_ns - end_ns_);
    }
  }
  intervals_.push_back(interval);
  end_ns_ = now_ns;
  totals_ = totals;
  broker_ = broker;
}

void TimeSeries::Halve() {
  static_assert(kIntervalsMax % 2 == 0);
  const size_t half = intervals_.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    intervals_[i] = Join(intervals_[2 * i], intervals_[2 * i + 1]);
  }
  intervals_.resize(half);
}

}  // namespace ringmq::measure
