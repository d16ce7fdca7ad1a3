// Makes the rows of the report's timeline from the seconds of the threads and the broker's bill.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "load/series.h"
#include "measure/interval.h"
#include "report/result.h"

namespace ringmq::load {

class Timeline {
 public:
  // Second 0 begins with the warm-up, which is `warmup_s` long.
  explicit Timeline(double warmup_s) : warmup_s_(warmup_s) {}

  // What the broker had spent at an instant of second `index`; once for each second.
  void Look(int64_t index, const std::optional<measure::BrokerSample>& broker);
  // A second that is over. One that comes in pieces is added up, but for its percentiles, which
  // are those of the largest piece.
  void Append(int64_t index, const LiveSecond& second);

  [[nodiscard]] const std::vector<report::Second>& rows() const { return rows_; }
  // All response times (in a closed loop: service times) so far, warm-up included.
  [[nodiscard]] const measure::Histogram& response() const { return response_; }

 private:
  struct Sample {
    int64_t index = 0;
    measure::BrokerSample spent;
  };
  void AddBroker(int64_t index, report::Second& row) const;

  const double warmup_s_;
  std::vector<report::Second> rows_;
  std::vector<int64_t> indices_;  // Of the rows.
  std::vector<Sample> samples_;   // By rising index.
  measure::Histogram response_;
};

}  // namespace ringmq::load
