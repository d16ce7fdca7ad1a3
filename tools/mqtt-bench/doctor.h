// `mqtt-bench doctor`: what of this machine would limit the run that the flags ask for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "report/diagnosis.h"
#include "settings.h"

namespace ringmq::bench {

// Of a run with so many connections to the target. Nothing if --source-ip cannot be read, of which
// others complain.
[[nodiscard]] std::vector<report::Diagnosed> DiagnoseFor(const Settings& settings,
                                                         uint64_t connections);

// Says on standard error what would limit the run that `settings` ask for, before it begins.
// Nothing if no run can be made of them, of which others complain.
void WarnOfLimits(const Settings& settings);

// Returns the exit code: kMeasurementInvalid if something is too low for the run.
[[nodiscard]] int RunDoctor(const Settings& settings);

}  // namespace ringmq::bench
