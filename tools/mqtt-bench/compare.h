// The commands that set two sides against each other: `compare`, of results that are there, and
// `ab`, which runs both in turns.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace ringmq::bench {

// Both return the exit code: kAssertionFailed if something got worse beyond doubt.
[[nodiscard]] int CompareFiles(const Settings& settings);
[[nodiscard]] int RunAb(const Settings& settings);

}  // namespace ringmq::bench
