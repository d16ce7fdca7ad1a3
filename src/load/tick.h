// What somebody who looks on sees of a run under way: for a screen, or a line a second.
//
// Counts are of this moment. What threads hand over once a second is of the last second that is
// over for all of them, some hundred milliseconds ago.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "load/plan.h"
#include "load/shared.h"
#include "measure/flow.h"
#include "measure/histogram.h"
#include "measure/verdict.h"
#include "report/result.h"

namespace ringmq::load {

// Of what was measured so far. Nothing: too few samples support it.
struct Quantiles {
  std::optional<int64_t> p50_ns;
  std::optional<int64_t> p99_ns;
  std::optional<int64_t> p999_ns;
  std::optional<int64_t> max_ns;
};
[[nodiscard]] Quantiles QuantilesOf(const measure::Histogram& histogram);

// Of the measured phase, but for the integrity, which is that of the whole run.
struct SoFar {
  Quantiles response;
  Quantiles service;
  Quantiles lag;
  measure::IntegrityCounts integrity;  // Losses are counted in the end; until then `missing`:
  std::optional<uint64_t> missing;     // later ones arrived, these did not. Shared: nobody knows.
  bool has_flows = true;               // What came twice or late is known,
  bool has_stamps = true;              // and what is corrupt.
  Busiest busiest;                     // In the last second.
  double backlog_share = 0;            // Turns that left something to read.
  // If it ended now. Nothing: it is not measured yet.
  std::optional<measure::Verdict> verdict;
};

struct Tick {
  Phase phase = Phase::kConnect;
  double phase_s = 0;      // Since it began.
  double phase_max_s = 0;  // It ends by then.
  bool interrupted = false;
  uint64_t connections = 0;
  uint64_t connected = 0;
  uint64_t failed = 0;
  uint64_t dropped = 0;
  uint64_t refusals = 0;
  uint64_t reconnects = 0;
  uint64_t given_up = 0;    // Acknowledgements, and
  uint64_t unpromised = 0;  // deliveries that will not come, because sessions have ended.
  uint64_t offered = 0;     // Since the beginning, as all below; in a closed loop as many as sent.
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t received = 0;
  uint64_t in_flight = 0;  // Deliveries that are to come, without what is missing.
  // The seconds that are over, the warm-up's included, until the call returns.
  std::span<const report::Second> seconds;
  SoFar so_far;
};

// Makes them. On the director's thread.
class Lookout {
 public:
  // All outlive it. `measure_s` is the planned length of the phase.
  Lookout(const Plan& plan, double measure_s, const Shared& shared);

  // What so many messages in all lead to.
  [[nodiscard]] uint64_t DeliveriesOf(uint64_t sent) const;
  // The counts of this moment; the rest of a tick is left empty.
  [[nodiscard]] Tick Count() const;
  // All but what only the director knows: phase, interruption, seconds.
  [[nodiscard]] Tick Look();

 private:
  void Update();
  [[nodiscard]] Busiest BusiestOf(uint32_t part, const Posting& posting, Busiest so_far);

  // How far a thread was when it last posted.
  struct Mark {
    int64_t at_ns = 0;
    int64_t busy_ns = 0;
  };

  const Plan& plan_;
  const double measure_s_;
  const Shared& shared_;
  const uint64_t connections_;
  const uint64_t deliveries_each_;
  const bool knows_missing_;
  std::vector<Mark> marks_;  // By thread.
  int64_t posted_ns_ = 0;    // The oldest posting of those that so_far_ is made of.
  SoFar so_far_;
};

}  // namespace ringmq::load
