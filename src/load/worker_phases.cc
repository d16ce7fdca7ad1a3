// Figures of each phase of a run whose rate changes. A message belongs to the phase in which it was
// due, so those that a slow phase leaves behind do not burden the next one.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "load/worker.h"

namespace ringmq::load {

PhaseTally* Worker::FindPhase(int64_t due_ns) {
  const int64_t start_ns = shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed);
  const auto end_ns = [&](size_t phase) {
    return start_ns + static_cast<int64_t>(plan_.phase_ends_s[phase] * 1e9);
  };
  size_t phase = 0;
  while (phase + 1 < plan_.phase_ends_s.size() && due_ns >= end_ns(phase)) ++phase;
  phase_ = phase;
  phase_begin_ns_ = phase == 0 ? start_ns : end_ns(phase - 1);
  phase_end_ns_ = end_ns(phase);
  return &findings_.phases[phase];
}

void Worker::NoteSentInPhase(const Publishing::Unwritten& row, uint32_t count, int64_t lag_ns) {
  PhaseTally* const phase = PhaseOf(measure::DueAs(plan_.stamp, row.due_ns));
  if (phase == nullptr) return;
  phase->sent += count;
  phase->lag.Record(lag_ns, count);
}

void Worker::NoteAckedInPhase(const Publishing::Unacked& unacked, int64_t now_ns) {
  PhaseTally* const phase = PhaseOf(measure::DueAs(plan_.stamp, unacked.due_ns));
  if (phase == nullptr) return;
  ++phase->acked;
  phase->ack.Record(now_ns - unacked.due_ns);
}

}  // namespace ringmq::load
