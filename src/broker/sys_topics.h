// $SYS: the broker's figures as retained messages, under Mosquitto's names, so that the dashboards
// people have go on working. Lives on the first core, which asks the others for their figures.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/core.h"

namespace ringmq::broker {

class Dispatcher;

// An exponentially damped mean per minute, as load averages are made.
class LoadAverage {
 public:
  // `count` is the counter's total at `now`.
  void Update(uint64_t count, Instant now);
  [[nodiscard]] const std::array<double, 3>& per_minute() const { return per_minute_; }

 private:
  std::array<double, 3> per_minute_{};  // Over 1, 5 and 15 minutes.
  uint64_t last_count_ = 0;
  Instant last_;
  bool started_ = false;
};

class SysTopics {
 public:
  SysTopics(Core& core, Dispatcher& dispatcher)
      : core_(core), dispatcher_(dispatcher), started_(core.now) {}

  // Asks all cores; publishes when the last has answered.
  void Begin(const Statistics& own);
  void OnReply(const StatisticsReply& reply);

 private:
  void PublishAll();
  void PublishLoads();
  void Publish(std::string_view name, std::string_view value);
  void PublishNumber(std::string_view name, int64_t value);

  Core& core_;
  Dispatcher& dispatcher_;
  const Instant started_;
  uint64_t round_ = 0;
  uint32_t replies_missing_ = 0;
  Statistics total_;
  int64_t clients_maximum_ = 0;
  uint64_t heap_maximum_ = 0;
  std::array<LoadAverage, 9> loads_;
};

}  // namespace ringmq::broker
