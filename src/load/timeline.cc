// SPDX-License-Identifier: Apache-2.0
#include "load/timeline.h"

#include <algorithm>

namespace ringmq::load {

// Needs the bill at both ends of the second.
void Timeline::AddBroker(int64_t index, report::Second& row) {
  const auto begin = samples_.find(index);
  const auto end = samples_.find(index + 1);
  if (begin != samples_.end() && end != samples_.end()) {
    row.broker_cpu_cores = static_cast<double>(end->second.cpu_ns - begin->second.cpu_ns) * 1e-9;
    row.broker_rss_bytes = end->second.rss_bytes;
  }
  samples_.erase(samples_.begin(), samples_.upper_bound(index));
}

void Timeline::Append(int64_t index, const LiveSecond& second) {
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
