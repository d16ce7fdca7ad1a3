// `mqtt-bench doctor`: what of this machine would limit the run that the flags ask for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace ringmq::bench {

// Returns the exit code: kMeasurementInvalid if something is too low for the run.
[[nodiscard]] int RunDoctor(const Settings& settings);

}  // namespace ringmq::bench
