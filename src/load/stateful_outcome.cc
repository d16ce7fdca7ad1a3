// SPDX-License-Identifier: Apache-2.0
#include "load/stateful_outcome.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "base/time.h"
#include "measure/coverage.h"
#include "measure/verdict.h"

namespace ringmq::load {

namespace {

double PerSecond(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double ShareOf(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void AddLag(const Plan& plan, const measure::Histogram& lag, measure::RunEvidence& evidence) {
  evidence.send_lag_allowed_ns = plan.lag_allowed_ns;
  evidence.send_lag_p999_ns = lag.ValueAtPercentile(99.9);
  evidence.send_lag_max_ns = lag.max();
  evidence.has_few_lags = !lag.Supports(99.9);
}

// The fill has a schedule if there is a rate; what arrives comes as fast as it can.
measure::Verdict JudgeKept(const Plan& plan, const Outcome& outcome) {
  const Findings& all = outcome.findings;
  measure::RunEvidence evidence;
  evidence.busiest_thread_share = std::min(all.back.busy.share, 1.0);
  evidence.busiest_thread = all.back.busy.thread;
  evidence.receive_backlog_share = ShareOf(all.backlogged_turns, all.turns);
  AddOffCore(all.off_core, evidence);
  const measure::Verdict drain = measure::JudgeUnscheduled(evidence);
  if (plan.rate_per_s <= 0) return drain;
  const measure::Verdict fill = JudgeTally(all,
                                           {.rate_per_s = plan.rate_per_s,
                                            .measured_s = outcome.sent_s,
                                            .lag_allowed_ns = plan.lag_allowed_ns},
                                           all.fill.busy);
  return fill.kind > drain.kind ? fill : drain;
}

constexpr const char* kQueueLimit =
    "Messages are missing that were to wait for their client. A broker drops what exceeds the "
    "limit "
    "of its queues: max_queued_messages and max_queued_bytes of mosquitto, queued_messages_max and "
    "queued_bytes_max of ringmqd.";

void ConcludeKept(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  outcome.measured_s = all.kept.seconds();
  outcome.sent_s = all.fill.seconds();
  outcome.verdict = JudgeKept(plan, outcome);
  const double stored_per_s = PerSecond(outcome.sent_in_all, outcome.sent_s);
  const double arrived_per_s = PerSecond(all.received, outcome.measured_s);
  if (plan.script == Script::kRetain) {
    outcome.scalars = {{"loaded_per_s", stored_per_s},
                       {"retained_per_s", arrived_per_s},
                       {"retained_all_s", outcome.measured_s}};
    if (!plan.keeps) {
      outcome.scalars["removed_per_s"] = PerSecond(outcome.sent_in_all, all.clear.seconds());
    }
    return;
  }
  outcome.scalars = {{"queued_per_s", stored_per_s},
                     {"drained_per_s", arrived_per_s},
                     {"drained_all_s", outcome.measured_s},
                     {"sessions_lost", static_cast<double>(all.sessions_lost)}};
  if (all.integrity.lost > 0 && all.sessions_lost == 0) outcome.notes.emplace_back(kQueueLimit);
}

void ConcludeConnects(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  const double s = all.came.seconds();
  const double per_s = PerSecond(outcome.connected, s);
  outcome.scalars = {{"connects_per_s", per_s},
                     {"connected_all_s", s},
                     {"connects_failed", static_cast<double>(all.connects_failed)}};
  measure::RunEvidence evidence;
  evidence.what = measure::RunEvidence::kConnects;
  evidence.busiest_thread_share = std::min(all.came.busy.share, 1.0);
  evidence.busiest_thread = all.came.busy.thread;
  if (plan.script == Script::kStorm) {
    outcome.scalars["reconnects_per_s"] = PerSecond(outcome.connected, all.came_back.seconds());
    outcome.scalars["reconnected_all_s"] = all.came_back.seconds();
  }
  if (!plan.is_ramp_asked_for) {
    outcome.verdict = measure::JudgeUnscheduled(evidence);
    return;
  }
  evidence.offered_per_s = plan.connects_per_s;
  // The last one is due one gap before the time is over.
  evidence.achieved_per_s = PerSecond(outcome.connected, s + 1 / plan.connects_per_s);
  AddLag(plan, all.connect_lag, evidence);
  evidence.response_p50_ns = all.connect.ValueAtPercentile(50);
  // What was begun in time and was ready after the ramp waited for the broker as well.
  const uint64_t late = outcome.connected - std::min(all.connects_in_time, outcome.connected);
  evidence.window_full_share = ShareOf(std::max(all.connects_blocked, late), outcome.connected);
  outcome.verdict = measure::Judge(evidence);
}

void ConcludeWills(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  outcome.measured_s = outcome.sent_s = all.fill.seconds();
  // The last one is cut one gap before the time of the cuts is over.
  const double cut_s = static_cast<double>(outcome.sent_in_all) / plan.cuts_per_s;
  measure::RunEvidence evidence;
  evidence.offered_per_s = evidence.achieved_per_s = plan.cuts_per_s;
  AddLag(plan, all.own_lag, evidence);
  evidence.response_p50_ns =
      all.will.ValueAtPercentile(50) - int64_t{plan.will_delay_s} * kSecond.ns;
  evidence.busiest_thread_share = std::min(all.fill.busy.share, 1.0);
  evidence.busiest_thread = all.fill.busy.thread;
  outcome.verdict = measure::Judge(evidence);
  outcome.scalars = {{"cuts_per_s", PerSecond(outcome.sent_in_all, cut_s)},
                     {"wills_early", static_cast<double>(all.wills_early)}};
}

// Of connections that were made again.
void ConcludeReconnects(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  if (plan.keeps_sessions) {
    outcome.scalars["sessions_lost"] = static_cast<double>(all.sessions_lost);
  }
  outcome.scalars["reconnects"] = static_cast<double>(all.reconnects);
  outcome.scalars["connections_ended"] = static_cast<double>(all.connections_ended);
  if (all.connections_ended == 0) return;
  std::vector<std::string> reasons;
  for (const auto& [why, count] : all.ends) reasons.push_back(absl::StrCat(why, " (", count, ")"));
  outcome.notes.push_back(absl::StrCat(
      "Connections that ended: ", all.connections_ended, "; made again: ", all.reconnects,
      all.tries_failed > 0 ? absl::StrCat(", after ", all.tries_failed, " tries that failed") : "",
      ". They ended by: ", absl::StrJoin(reasons, ", "), "."));
}

// Of the messages that the run was made for.
void AddMessages(const Plan& plan, const Outcome& outcome, measure::RunCoverage& coverage) {
  const Findings& all = outcome.findings;
  const bool has_steps = plan.script != Script::kTraffic;
  const bool is_heard = std::ranges::any_of(
      plan.roles, [](const Role& role) { return role.hears() && !role.churns(); });
  if (plan.publishers > 0) {
    // Whenever they were due: a target that is far behind is measured too.
    coverage.sent = has_steps ? outcome.sent_in_all : std::max(all.sent, all.sent_meanwhile);
    if (is_heard) {
      coverage.received = std::max(all.received, all.received_meanwhile);
    } else if (plan.qos != Qos::kAtMostOnce) {
      coverage.acked = std::max(all.acked, all.acked_meanwhile);
    }
  } else if (plan.churn.per_s == 0) {
    coverage.received = all.integrity.received + all.integrity.foreign;
  }
}

}  // namespace

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
  AddLag(plan, all.connect_lag, evidence);
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

void ConcludeScript(const Plan& plan, Outcome& outcome) {
  if (plan.script == Script::kRetain || plan.script == Script::kSession) {
    ConcludeKept(plan, outcome);
  } else if (plan.script == Script::kWill) {
    ConcludeWills(plan, outcome);
  } else if (plan.is_about_connects) {
    ConcludeConnects(plan, outcome);
  }
  if (plan.reconnects) ConcludeReconnects(plan, outcome);
  if (outcome.findings.aliases_few > 0) {
    outcome.notes.push_back(absl::StrCat(
        "The broker takes fewer topic aliases (Topic Alias Maximum) than there are topics: ",
        outcome.findings.aliases_few, " connections named the others in every message."));
  }
  if (outcome.findings.uncorrelated > 0) {
    outcome.notes.push_back(absl::StrCat(
        outcome.findings.uncorrelated,
        " messages came without Correlation Data, where those of this run have their stamps: they "
        "are of others, or the broker does not hand it on; then --stamp payload or none."));
  }
  if (outcome.findings.aliases_refused == 0) return;
  outcome.notes.push_back(absl::StrCat(
      "The broker takes no topic aliases (Topic Alias Maximum): ", outcome.findings.aliases_refused,
      " connections named the topic in every message."));
}

void ConcludeCoverage(const Plan& plan, Outcome& outcome) {
  const Findings& all = outcome.findings;
  measure::RunCoverage coverage;
  coverage.clients = outcome.connected + outcome.failed;
  coverage.connected = outcome.connected;
  coverage.failure = all.failure;
  coverage.has_begun = outcome.begun;
  coverage.are_connects = plan.is_about_connects;
  coverage.was_interrupted = outcome.interrupted;
  coverage.failed_later = all.connects_failed;
  coverage.lost = all.connections_lost;
  coverage.lost_at_s = static_cast<double>(all.first_lost_ns - outcome.measure_start_ns) * 1e-9;
  coverage.loss = all.loss;
  const bool has_steps = plan.script != Script::kTraffic;
  // Steps take as long as they take, which may be no time.
  coverage.measured_s = has_steps ? 1 : outcome.measured_s;
  if (plan.churn.per_s > 0) coverage.connects_due = all.connects_offered;
  if (!plan.is_about_connects) AddMessages(plan, outcome, coverage);
  if (std::optional<measure::Verdict> gap = measure::FindGap(coverage)) {
    outcome.verdict = *std::move(gap);
  }
}

bool IsConcludedAsOne(const Plan& plan) {
  return plan.script != Script::kTraffic || plan.is_about_connects;
}

Outcome Join(const Plan& plan, std::span<const Outcome> parts) {
  RMQ_CHECK(!parts.empty());
  Outcome whole;
  whole.findings.engine = parts.front().findings.engine;
  whole.drained = true;
  for (const Outcome& part : parts) {
    whole.findings.Merge(part.findings);
    for (const auto count : {&Outcome::connected, &Outcome::failed, &Outcome::sent_in_all,
                             &Outcome::expected_in_all}) {
      whole.*count += part.*count;
    }
    for (const auto seconds :
         {&Outcome::connect_s, &Outcome::measured_s, &Outcome::sent_s, &Outcome::drain_s}) {
      whole.*seconds = std::max(whole.*seconds, part.*seconds);
    }
    if (part.busiest_share > whole.busiest_share) {
      whole.busiest_share = part.busiest_share;
      whole.busiest_thread = part.busiest_thread;
    }
    whole.measure_start_ns = std::max(whole.measure_start_ns, part.measure_start_ns);
    whole.begun = whole.begun && part.begun;
    whole.interrupted = whole.interrupted || part.interrupted;
    whole.drained = whole.drained && part.drained;
  }
  ConcludeScript(plan, whole);
  return whole;
}

}  // namespace ringmq::load
