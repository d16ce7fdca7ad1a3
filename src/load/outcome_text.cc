// SPDX-License-Identifier: Apache-2.0
#include "load/outcome_text.h"

#include <utility>

#include "load/text_archive.h"

namespace ringmq::load {
namespace {

template <typename Each, typename Findings_>
void VisitFindings(Each& each, Findings_& findings) {
  VisitTally(each, findings);
  for (const auto histogram :
       {&Findings::connect_tcp, &Findings::connect_tls, &Findings::connect_ws, &Findings::connack,
        &Findings::suback, &Findings::connect, &Findings::connect_lag, &Findings::first_message,
        &Findings::last_message, &Findings::will}) {
    each(findings.*histogram);
  }
  for (const auto count :
       {&Findings::connects_offered, &Findings::connects_in_time, &Findings::connects_blocked,
        &Findings::connects_failed, &Findings::connections_lost, &Findings::sessions_lost,
        &Findings::wills_early, &Findings::reconnects, &Findings::connections_ended,
        &Findings::tries_failed, &Findings::aliases_refused, &Findings::aliases_few,
        &Findings::uncorrelated}) {
    each(findings.*count);
  }
  each(findings.load_busy_ns);
  each(findings.first_lost_ns);
  each(findings.failure);
  each(findings.loss);
  for (const auto span : {&Findings::away, &Findings::fill, &Findings::back, &Findings::clear,
                          &Findings::kept, &Findings::came, &Findings::came_back}) {
    each((findings.*span).begin_ns);
    each((findings.*span).end_ns);
    each((findings.*span).busy.share);
    each((findings.*span).busy.thread);
  }
  each(findings.errors);
  each(findings.ends);
  each(findings.by_reason);
  each(findings.engine);
}

template <typename Each, typename Outcome_>
void VisitOutcome(Each& each, Outcome_& outcome) {
  VisitFindings(each, outcome.findings);
  for (const auto count :
       {&Outcome::connected, &Outcome::failed, &Outcome::sent_in_all, &Outcome::expected_in_all}) {
    each(outcome.*count);
  }
  for (const auto seconds : {&Outcome::connect_s, &Outcome::measured_s, &Outcome::sent_s,
                             &Outcome::drain_s, &Outcome::busiest_share}) {
    each(outcome.*seconds);
  }
  each(outcome.busiest_thread);
  each(outcome.measure_start_ns);
  each(outcome.begun);
  each(outcome.interrupted);
  each(outcome.drained);
}

}  // namespace

std::string ToText(const Outcome& outcome) {
  TextWriter writer;
  VisitOutcome(writer, outcome);
  return writer.Take();
}

std::optional<Outcome> OutcomeFromText(std::string_view text) {
  Outcome outcome;
  TextReader reader(text);
  VisitOutcome(reader, outcome);
  return reader.IsWhole() ? std::optional(std::move(outcome)) : std::nullopt;
}

}  // namespace ringmq::load
