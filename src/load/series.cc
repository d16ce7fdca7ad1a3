// SPDX-License-Identifier: Apache-2.0
#include "load/series.h"

#include <utility>

namespace ringmq::load {

void LiveSecond::Merge(const LiveSecond& other) {
  response.Merge(other.response);
  lag.Merge(other.lag);
  offered += other.offered;
  sent += other.sent;
  acked += other.acked;
  received += other.received;
  errors += other.errors;
}

void LiveSecond::Clear() {
  response.Clear();
  lag.Clear();
  offered = sent = acked = received = errors = 0;
}

void Series::Add(int64_t index, const LiveSecond& share) {
  const std::lock_guard lock(mutex_);
  seconds_[index].Merge(share);
}

std::map<int64_t, LiveSecond> Series::Take(int64_t index) {
  std::map<int64_t, LiveSecond> taken;
  const std::lock_guard lock(mutex_);
  while (!seconds_.empty() && seconds_.begin()->first < index) {
    taken.insert(seconds_.extract(seconds_.begin()));
  }
  return taken;
}

}  // namespace ringmq::load
