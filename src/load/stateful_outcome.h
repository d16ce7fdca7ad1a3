// What the runs find that are more than traffic: scalars, notes, and a verdict of their own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/plan.h"
#include "load/run.h"

namespace ringmq::load {

// Of connections that come and go. The verdict becomes the worse of two: that of the messages, if
// there are any, and that of the connects. Requires: all else of the outcome is filled in.
void ConcludeChurn(const Plan& plan, Outcome& outcome);

// Of retained messages and of the queues of sessions. What is measured is the time in which they
// arrive. Requires: all else of the outcome is filled in.
void ConcludeKept(const Plan& plan, Outcome& outcome);

// Of clients that only connect, at once or one after the other.
void ConcludeConnects(const Plan& plan, Outcome& outcome);

// Of wills.
void ConcludeWills(const Plan& plan, Outcome& outcome);

}  // namespace ringmq::load
