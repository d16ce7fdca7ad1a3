// A run from its first connection to its findings: threads, phases, merging, what was lost.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/plan.h"
#include "load/timeline.h"
#include "load/worker.h"
#include "measure/verdict.h"
#include "report/result.h"

namespace ringmq::load {

struct RunTimes {
  double connect_max_s = 30;
  double warmup_s = 1;
  double measure_s = 10;    // Less if Plan::messages_max are sent before.
  double drain_max_s = 10;  // What has not arrived by then is lost.
};

// Once a second, for a screen or a line.
struct Tick {
  Phase phase = Phase::kConnect;
  double phase_s = 0;  // Since it began.
  uint64_t connected = 0;
  uint64_t failed = 0;
  uint64_t sent = 0;  // Since the beginning, as all.
  uint64_t acked = 0;
  uint64_t received = 0;
};

// Who looks on while it runs. Both may be empty.
struct Observer {
  std::function<void(const Tick&)> on_tick;  // About once a second, on the thread of Execute().
  // What the broker has spent so far; asked once a second.
  std::function<std::optional<BrokerSample>()> broker;
};

struct Outcome {
  Findings findings;  // Of all threads; histograms merged, loss in the integrity counts.
  uint64_t connected = 0;
  uint64_t failed = 0;
  uint64_t sent_in_all = 0;  // Warm-up included: what integrity is about.
  uint64_t expected_in_all = 0;
  double connect_s = 0;
  double measured_s = 0;
  double drain_s = 0;
  double busiest_share = 0;
  uint32_t busiest_thread = 0;
  bool drained = false;  // Everything that was expected arrived before the drain ended.
  measure::Verdict verdict;
  std::vector<report::Second> series;  // Warm-up and drain included.
};

// Blocks until the run is over.
[[nodiscard]] Outcome Execute(const Plan& plan, const RunTimes& times, const Observer& observer);

}  // namespace ringmq::load
