// --trials: the same run several times, each with connections of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

// Returns the exit code: the worst of all.
[[nodiscard]] int RunTrials(const Settings& settings);

// Shows trials that are over, and writes what is asked for: all of them to --json, the one in the
// middle to the others. Requires: there is one.
[[nodiscard]] int FinishTrials(const std::vector<report::Result>& trials, const Settings& settings);

}  // namespace ringmq::bench
