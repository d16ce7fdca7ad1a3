// SPDX-License-Identifier: Apache-2.0
#include "load/findings.h"

#include <algorithm>

namespace ringmq::load {

void Tally::Merge(const Tally& other) {
  for (const auto histogram :
       {&Tally::response, &Tally::service, &Tally::lag, &Tally::own_lag, &Tally::ack}) {
    (this->*histogram).Merge(other.*histogram);
  }
  for (const auto count :
       {&Tally::offered, &Tally::sent, &Tally::acked, &Tally::received, &Tally::sent_meanwhile,
        &Tally::acked_meanwhile, &Tally::received_meanwhile, &Tally::window_full,
        &Tally::socket_full, &Tally::turns, &Tally::backlogged_turns, &Tally::sent_times_unknown,
        &Tally::expected}) {
    this->*count += other.*count;
  }
  integrity.Add(other.integrity);
  missing += other.missing;
  off_core.Merge(other.off_core);
  cpu_ns += other.cpu_ns;
  idle_ns += other.idle_ns;
}

void Span::Extend(const Span& other) {
  if (other.begin_ns == 0) return;
  begin_ns = begin_ns == 0 ? other.begin_ns : std::min(begin_ns, other.begin_ns);
  end_ns = std::max(end_ns, other.end_ns);
  if (other.busy.share > busy.share) busy = other.busy;
}

void PhaseTally::Merge(const PhaseTally& other) {
  for (const auto histogram :
       {&PhaseTally::response, &PhaseTally::service, &PhaseTally::ack, &PhaseTally::lag}) {
    (this->*histogram).Merge(other.*histogram);
  }
  for (const auto count : {&PhaseTally::offered, &PhaseTally::sent, &PhaseTally::acked,
                           &PhaseTally::received, &PhaseTally::expected}) {
    this->*count += other.*count;
  }
  integrity.Add(other.integrity);
}

void Findings::Merge(const Findings& other) {
  Tally::Merge(other);
  for (const auto histogram :
       {&Findings::connect_tcp, &Findings::connect_tls, &Findings::connect_ws, &Findings::connack,
        &Findings::suback, &Findings::connect, &Findings::connect_lag, &Findings::first_message,
        &Findings::last_message, &Findings::will}) {
    (this->*histogram).Merge(other.*histogram);
  }
  for (const auto count :
       {&Findings::connects_offered, &Findings::connects_in_time, &Findings::connects_blocked,
        &Findings::connects_failed, &Findings::connections_lost, &Findings::sessions_lost,
        &Findings::wills_early, &Findings::reconnects, &Findings::connections_ended,
        &Findings::tries_failed, &Findings::aliases_refused, &Findings::aliases_few,
        &Findings::uncorrelated}) {
    this->*count += other.*count;
  }
  for (const auto span : {&Findings::away, &Findings::fill, &Findings::back, &Findings::clear,
                          &Findings::kept, &Findings::came, &Findings::came_back}) {
    (this->*span).Extend(other.*span);
  }
  phases.resize(std::max(phases.size(), other.phases.size()));
  for (size_t i = 0; i < other.phases.size(); ++i) phases[i].Merge(other.phases[i]);
  if (failure.empty()) failure = other.failure;
  if (first_lost_ns == 0 || (other.first_lost_ns != 0 && other.first_lost_ns < first_lost_ns)) {
    first_lost_ns = other.first_lost_ns;
    loss = other.loss;
  }
  by_publisher.resize(std::max(by_publisher.size(), other.by_publisher.size()));
  for (size_t i = 0; i < other.by_publisher.size(); ++i) by_publisher[i] += other.by_publisher[i];
  for (const auto& [text, count] : other.errors) errors[text] += count;
  for (const auto& [text, count] : other.ends) ends[text] += count;
  for (const auto& [reason, count] : other.by_reason) by_reason[reason] += count;
}

void AddOffCore(const OffCore& off_core, measure::RunEvidence& evidence) {
  evidence.kept_ns = off_core.off_ns;
  evidence.kept_longest_ns = off_core.longest_ns;
  evidence.kept_share = std::min(off_core.share(), 1.0);
  evidence.kept_thread = off_core.thread;
}

measure::Verdict JudgeTally(const Tally& tally, const Offered& offered, const Busiest& busiest) {
  const auto share = [](uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const double due = offered.rate_per_s * offered.measured_s;
  measure::RunEvidence evidence;
  evidence.closed_loop = offered.rate_per_s == 0;
  evidence.offered_per_s = offered.rate_per_s;
  evidence.achieved_per_s =
      offered.measured_s > 0 ? static_cast<double>(tally.sent_meanwhile) / offered.measured_s : 0;
  evidence.send_lag_allowed_ns = offered.lag_allowed_ns;
  evidence.send_lag_p999_ns = tally.own_lag.ValueAtPercentile(99.9);
  evidence.send_lag_max_ns = tally.own_lag.max();
  evidence.has_few_lags = !tally.own_lag.Supports(99.9);
  evidence.response_p50_ns = tally.response.ValueAtPercentile(50);
  evidence.ack_p50_ns = tally.ack.ValueAtPercentile(50);
  AddOffCore(tally.off_core, evidence);
  evidence.busiest_thread_share = std::min(busiest.share, 1.0);
  evidence.busiest_thread = busiest.thread;
  evidence.window_full_share = due > 0 ? static_cast<double>(tally.window_full) / due
                                       : share(tally.window_full, tally.turns);
  evidence.socket_full_share = due > 0 ? static_cast<double>(tally.socket_full) / due : 0;
  evidence.receive_backlog_share = share(tally.backlogged_turns, tally.turns);
  return measure::Judge(evidence);
}

}  // namespace ringmq::load
