// What the runs find that are more than traffic: scalars, notes, and a verdict of their own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "load/plan.h"
#include "load/run.h"

namespace ringmq::load {

// Of connections that come and go. The verdict becomes the worse of two: that of the messages, if
// there are any, and that of the connects. Requires: all else of the outcome is filled in.
void ConcludeChurn(const Plan& plan, Outcome& outcome);

// Of retained messages, the queues of sessions, wills, and clients that only connect: what is
// measured is the time that their steps took. And what was made again. Of other runs: nothing.
// Requires: all else of the outcome is filled in.
void ConcludeScript(const Plan& plan, Outcome& outcome);

// Of any run, of all its processes: the verdict becomes that it covers a part only, or nothing, if
// it does. Requires: all else of the outcome is filled in.
void ConcludeCoverage(const Plan& plan, Outcome& outcome);

// Whether a run by several processes is concluded from what all of them found, since its figures
// are neither sums of theirs nor the worst of them.
[[nodiscard]] bool IsConcludedAsOne(const Plan& plan);

// Of the parts of such a run, as if one process had made it; of other runs only what the coverage
// is concluded from. Requires: there are some.
[[nodiscard]] Outcome Join(const Plan& plan, std::span<const Outcome> parts);

}  // namespace ringmq::load
