// The seconds of a run, gathered into as many slots as a chart can show: an hour has more seconds
// than a page has pixels. Short runs have one slot a second.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "report/result.h"

namespace ringmq::report {

inline constexpr size_t kSlotsMax = 240;

// A figure of the seconds in a slot.
struct Spread {
  double mean = 0;
  double least = 0;
  double most = 0;
};

struct Slot {
  uint32_t seconds = 0;  // Zero: there is none, and nothing else here means anything.
  double from_s = 0;
  double to_s = 0;
  Spread offered_per_s{};
  Spread sent_per_s{};
  Spread received_per_s{};
  uint64_t errors = 0;
  // The worst of its seconds; zero: not measured.
  int64_t response_p99_ns = 0;
  int64_t lag_p99_ns = 0;
  uint64_t broker_rss_bytes = 0;  // The most.
  double broker_cpu_cores = 0;    // The mean of the seconds in which the broker was watched.
  HeatColumn heat{};
};

struct Slots {
  double low_s = 0;
  double high_s = 0;
  double slot_s = 1;
  std::vector<Slot> slots;  // All of the same length, without a gap.
};

// Empty if the result has no seconds.
[[nodiscard]] Slots SlotsOf(const Result& result);

}  // namespace ringmq::report
