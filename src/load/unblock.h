// A closed loop at QoS 0 whose window is full of lost messages.
//
// The window is what is on its way, and what is lost stays in it until a later message shows the
// gap. When nothing moves any more, one more message of each publisher does that; where nobody
// looks for gaps the whole window is given up, and the figures are those of this tool.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "load/plan.h"
#include "load/run.h"
#include "load/shared.h"
#include "load/tick.h"

namespace ringmq::load {

class Unblocker {
 public:
  // They outlive it.
  Unblocker(const Plan& plan, Shared& shared) : plan_(plan), shared_(shared) {}

  // Whether anything can be done: if not, nobody needs to count.
  [[nodiscard]] bool IsNeeded(Phase phase) const;
  // Often, by who leads.
  void Look(Phase phase, const Tick& now, int64_t now_ns);

 private:
  const Plan& plan_;
  Shared& shared_;
  uint64_t moved_ = 0;    // When Look() looked last,
  int64_t moved_ns_ = 0;  // and since when it is so many; zero: it has not.
};

// Says so in verdict and notes.
void ConcludeBlocked(const Plan& plan, const Shared& shared, Outcome& outcome);

}  // namespace ringmq::load
