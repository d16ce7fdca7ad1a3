// Makes the rows of the report's timeline from the seconds of the threads and the broker's bill.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "load/series.h"
#include "report/result.h"

namespace ringmq::load {

// What the kernel says of the broker's process, if it is on this host.
struct BrokerSample {
  int64_t cpu_ns = 0;  // Since the process began.
  uint64_t rss_bytes = 0;
};

// A row takes some 700 bytes: 60 MB a day.
class Timeline {
 public:
  // Second 0 begins with the warm-up, which is `warmup_s` long.
  explicit Timeline(double warmup_s) : warmup_s_(warmup_s) {}

  // What the broker had spent when second `index` began.
  void Look(int64_t index, const BrokerSample& broker) { samples_[index] = broker; }
  // A second that is over. One that comes in pieces is added up, but for its percentiles, which
  // are those of the largest piece.
  void Append(int64_t index, const LiveSecond& second);

  [[nodiscard]] const std::vector<report::Second>& rows() const { return rows_; }

 private:
  void AddBroker(int64_t index, report::Second& row);

  const double warmup_s_;
  std::vector<report::Second> rows_;
  std::vector<int64_t> indices_;             // Of the rows.
  std::map<int64_t, BrokerSample> samples_;  // Of seconds that have no row yet, and the next.
};

}  // namespace ringmq::load
