// A run from its first connection to its findings: threads, phases, merging, what was lost.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/findings.h"
#include "load/plan.h"
#include "load/tick.h"
#include "load/timeline.h"
#include "measure/verdict.h"
#include "report/result.h"

namespace ringmq::load {

struct RunTimes {
  double connect_max_s = 30;
  double warmup_s = 1;
  double measure_s = 10;    // Less if Plan::messages_max are sent before.
  double drain_max_s = 10;  // What has not arrived by then is lost.
};

// Who looks on while it runs, on the thread of Execute(). Each may be empty.
struct Observer {
  std::function<void(const Tick&)> on_tick;
  int64_t tick_ns = 1'000'000'000;  // About so often, and once when everybody is to leave.
  // What the broker has spent so far; asked once a second.
  std::function<std::optional<BrokerSample>()> broker;
  // Whether it has to end early: then no more load, but what is on its way is waited for, and what
  // was measured is reported. Asked some hundred times a second, until it says yes.
  std::function<bool()> wants_end;
  // Whether nothing can come of it any more: then it ends at once. Asked as often.
  std::function<bool()> is_hopeless;
  // For whoever hands on what threads show to another process: seconds that are over, and the board
  // as often as ticks.
  std::function<void(int64_t index, const LiveSecond& second)> on_second;
  std::function<void(const Board& board)> on_board;
  // Before anybody leaves, with all connections there.
  std::function<void()> on_leave;
  bool keeps_intervals = false;  // Outcome::intervals; ticks several times a second.
};

// Of the threads of a run, those that one process has.
struct Part {
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t processes = 1;
};

struct Outcome {
  Findings findings;  // Of all threads; histograms merged, loss in the integrity counts.
  uint64_t connected = 0;
  uint64_t failed = 0;
  uint64_t sent_in_all = 0;  // Warm-up included: what integrity is about.
  uint64_t expected_in_all = 0;
  double connect_s = 0;
  double measured_s = 0;
  double sent_s = 0;  // In which it was sent, if that was not while it arrived.
  double drain_s = 0;
  double busiest_share = 0;
  uint32_t busiest_thread = 0;
  int64_t measure_start_ns = 0;
  bool begun = true;         // Everybody was there, and what they were there for began.
  bool interrupted = false;  // Observer::wants_end said yes.
  bool drained = false;      // Everything that was expected arrived before the drain ended.
  measure::Verdict verdict;
  std::vector<report::Second> series;  // Warm-up and drain included.
  std::vector<report::Interval> intervals;
  // What the broker had spent before anybody left, with all connections there.
  std::optional<BrokerSample> broker;
  std::map<std::string, double> scalars;  // By the names of measure/scalars.h.
  std::vector<std::string> notes;         // Sentences.

  // As report::CostedMessages().
  [[nodiscard]] uint64_t costed_messages() const {
    const uint64_t received = findings.integrity.received;
    return received > 0 ? received : sent_in_all;
  }
};

// Blocks until the run is over.
[[nodiscard]] Outcome Execute(const Plan& plan, const RunTimes& times, const Observer& observer);

// The same with several processes, forked when `shared` was there: each has a part of the threads
// of the plan, and follows the one that leads, which has none. An outcome is about the connections
// of its part; messages that group members lost are with the first part.
[[nodiscard]] Outcome ExecutePart(const Plan& plan, const RunTimes& times, const Observer& observer,
                                  Shared& shared, const Part& part);
[[nodiscard]] Outcome Lead(const Plan& plan, const RunTimes& times, const Observer& observer,
                           Shared& shared);

}  // namespace ringmq::load
