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

}  // namespace ringmq::load
