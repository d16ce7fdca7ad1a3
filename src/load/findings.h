// What a thread of a run measures, and what all of them together have measured in the end.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/presence.h"
#include "measure/flow.h"
#include "measure/histogram.h"
#include "measure/verdict.h"

namespace ringmq::load {

// What is worth looking at while it runs: copied once a second if somebody does.
struct Tally {
  measure::Histogram response;  // received - due
  measure::Histogram service;   // received - sent
  measure::Histogram lag;       // sent - due
  measure::Histogram own_lag;   // The same of those that found window and socket open.
  measure::Histogram ack;       // acked - due; in a closed loop: acked - sent.
  measure::IntegrityCounts integrity;
  // Messages that did not arrive yet though a later one of their flow did; shared groups left out.
  uint64_t missing = 0;
  uint64_t offered = 0;  // Of the measured phase, as all below.
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t received = 0;
  // What happened while it was measured, whenever it was due: what rates are made of.
  uint64_t sent_meanwhile = 0;
  uint64_t acked_meanwhile = 0;
  uint64_t received_meanwhile = 0;
  uint64_t window_full = 0;  // Sends that had to wait for the window, though due;
  uint64_t socket_full = 0;  // and for the socket.
  uint64_t turns = 0;
  uint64_t backlogged_turns = 0;
  // Deliveries that `sent` leads to, if publishers have different audiences.
  uint64_t expected = 0;
  uint64_t sent_times_unknown = 0;  // Deliveries, whose service time nobody knows therefore.
  OffCore off_core;
  int64_t cpu_ns = 0;
  int64_t idle_ns = 0;  // Of it, turns that waited for the clock without sleeping.

  void Merge(const Tally& other);
  // CPU time without the waiting.
  [[nodiscard]] int64_t busy_ns() const { return cpu_ns - (cpu_ns < idle_ns ? cpu_ns : idle_ns); }
};

struct Busiest {
  double share = 0;  // Of one core.
  uint32_t thread = 0;
};

// The time that a step took, from the first thread that began to the last one that finished.
struct Span {
  int64_t begin_ns = 0;  // Zero: there was none.
  int64_t end_ns = 0;    // Zero: it did not finish.
  Busiest busy{};        // In it.

  void Extend(const Span& other);
  [[nodiscard]] double seconds() const {
    return end_ns > begin_ns ? static_cast<double>(end_ns - begin_ns) * 1e-9 : 0;
  }
};

// Of the messages that were due in one phase of a run whose rate changes, whenever they arrived.
struct PhaseTally {
  measure::Histogram response;
  measure::Histogram service;
  measure::Histogram ack;
  measure::Histogram lag;
  uint64_t offered = 0;
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t received = 0;
  uint64_t expected = 0;  // Deliveries of `sent`; as of a Tally.
  // As far as stamps tell: not what was corrupt, nor losses, which are what is left of `sent`.
  measure::IntegrityCounts integrity;

  void Merge(const PhaseTally& other);
};

struct Findings : Tally {
  int64_t load_busy_ns = 0;  // busy_ns() of warm-up and measured phase alone.
  measure::Histogram connect_tcp;
  measure::Histogram connect_tls;
  measure::Histogram connect_ws;
  measure::Histogram connack;
  measure::Histogram suback;
  measure::Histogram connect;      // All of it, from when it was due.
  measure::Histogram connect_lag;  // begun - due, of connects that had not to wait for the broker.
  uint64_t connects_offered = 0;   // Due, of those that come and go.
  uint64_t connects_in_time = 0;   // Ready before the phase ended, or the ramp.
  uint64_t connects_blocked = 0;   // Due, while the broker still held all earlier ones.
  uint64_t connects_failed = 0;    // Of the whole run.
  std::string failure;             // Why the first that failed did; empty: none has.
  uint64_t connections_lost = 0;   // That were to stay and did not; of the whole run.
  int64_t first_lost_ns = 0;       // Zero: none was.
  std::string loss;                // Why the first was.
  // Of what the broker had kept for a client, since it asked: the first message, and the last one
  // of those who got all.
  measure::Histogram first_message;
  measure::Histogram last_message;
  uint64_t sessions_lost = 0;
  measure::Histogram will;  // arrived - cut
  uint64_t wills_early = 0;
  uint64_t reconnects = 0;
  uint64_t connections_ended = 0;        // That were to be made again.
  uint64_t tries_failed = 0;             // To do so.
  uint64_t aliases_refused = 0;          // Connections that were to have one.
  uint64_t uncorrelated = 0;             // Came without Correlation Data, where ours has the stamp.
  uint64_t aliases_few = 0;              // Connections that have more topics than aliases.
  std::map<std::string, uint64_t> ends;  // Why they ended; as errors.
  Span away;
  Span fill;
  Span back;
  Span clear;
  Span kept;       // From the first who asked to the last message.
  Span came;       // From the first connect that was due to the last client that was ready,
  Span came_back;  // and the same of those who returned.
  std::vector<PhaseTally> phases;          // Of Plan::phase_ends_s.
  std::vector<uint64_t> by_publisher;      // Sent by ours, from the first message on.
  std::map<std::string, uint64_t> errors;  // Sentences; of many different ones the first few.
  std::map<uint8_t, uint64_t> by_reason;   // Reason codes that say no.
  std::string engine;                      // "io_uring" or "epoll"; empty: it got no ring.

  void Merge(const Findings& other);
};

// What a run tells of threads that could not run.
void AddOffCore(const OffCore& off_core, measure::RunEvidence& evidence);

// The schedule that a tally is of.
struct Offered {
  double rate_per_s = 0;  // Zero: there was none.
  double measured_s = 0;
  int64_t lag_allowed_ns = 0;  // Plan::lag_allowed_ns.
};

// What `tally`, of all threads, says of the generator.
[[nodiscard]] measure::Verdict JudgeTally(const Tally& tally, const Offered& offered,
                                          const Busiest& busiest);

}  // namespace ringmq::load
