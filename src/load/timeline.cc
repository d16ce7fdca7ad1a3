// SPDX-License-Identifier: Apache-2.0
#include "load/timeline.h"

#include <algorithm>

namespace ringmq::load {

void Timeline::Look(int64_t index, const std::optional<measure::BrokerSample>& broker) {
  if (broker.has_value()) samples_.push_back({.index = index, .spent = *broker});
}

void Timeline::AddBroker(int64_t index, report::Second& row) const {
  for (size_t i = 1; i < samples_.size(); ++i) {
    if (samples_[i].index != index + 1 || samples_[i - 1].index != index) continue;
    row.broker_cpu_cores =
        static_cast<double>(samples_[i].spent.cpu_ns - samples_[i - 1].spent.cpu_ns) * 1e-9;
    row.broker_rss_bytes = samples_[i].spent.rss_bytes;
  }
}

void Timeline::Append(int64_t index, const LiveSecond& second) {
  response_.Merge(second.response);
  const auto place = std::lower_bound(indices_.begin(), indices_.end(), index);
  const auto at = place - indices_.begin();
  if (place == indices_.end() || *place != index) {
    indices_.insert(place, index);
    report::Second row;
    row.at_s = static_cast<double>(index + 1) - warmup_s_;
    AddBroker(index, row);
    rows_.insert(rows_.begin() + at, row);
  }
  report::Second& row = rows_[static_cast<size_t>(at)];
  const bool is_largest_piece = second.received >= row.received;
  row.offered += second.offered;
  row.sent += second.sent;
  row.acked += second.acked;
  row.received += second.received;
  row.errors += second.errors;
  const report::HeatColumn heat = report::HeatOf(second.response);
  for (size_t cell = 0; cell < heat.size(); ++cell) row.heat[cell] += heat[cell];
  if (!is_largest_piece) return;
  row.response_p50_ns = second.response.ValueAtPercentile(50);
  row.response_p99_ns = second.response.ValueAtPercentile(99);
  row.lag_p99_ns = second.lag.ValueAtPercentile(99);
}

}  // namespace ringmq::load
