// SPDX-License-Identifier: Apache-2.0
#include "load/stateful_outcome.h"

#include <algorithm>

#include "measure/verdict.h"

namespace ringmq::load {

void ConcludeChurn(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  const double s = std::max(outcome.measured_s, 1e-9);
  const auto of_offered = [&all](uint64_t count) {
    return static_cast<double>(count) /
           static_cast<double>(std::max<uint64_t>(all.connects_offered, 1));
  };
  measure::RunEvidence evidence;
  evidence.what = measure::RunEvidence::kConnects;
  evidence.offered_per_s = static_cast<double>(all.connects_offered) / s;
  evidence.achieved_per_s = static_cast<double>(all.connects_in_time) / s;
  evidence.send_lag_p999_ns = all.connect_lag.ValueAtPercentile(99.9);
  evidence.response_p50_ns = all.connect.ValueAtPercentile(50);
  evidence.busiest_thread_share = std::min(outcome.busiest_share, 1.0);
  evidence.busiest_thread = outcome.busiest_thread;
  // What was begun in time and was not ready at the end waited for the broker as well.
  const uint64_t not_ready = all.connects_offered - all.connects_in_time;
  evidence.window_full_share = of_offered(std::max(all.connects_blocked, not_ready));
  evidence.receive_backlog_share =
      all.turns == 0 ? 0
                     : static_cast<double>(all.backlogged_turns) / static_cast<double>(all.turns);
  const measure::Verdict verdict = measure::Judge(evidence);
  const bool is_only = plan.publishers == 0;
  if (is_only || verdict.kind > outcome.verdict.kind) outcome.verdict = verdict;
  outcome.scalars = {{"connects_per_s", evidence.achieved_per_s},
                     {"connects_offered_per_s", evidence.offered_per_s},
                     {"connects_failed", static_cast<double>(all.connects_failed)},
                     {"connects_blocked", static_cast<double>(all.connects_blocked)}};
}

}  // namespace ringmq::load
