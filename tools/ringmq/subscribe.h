// `ringmq sub`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace ringmq::cli {

// Subscribes, prints what comes until it is told to stop, and returns the exit code.
[[nodiscard]] int RunSubscribe(const Settings& settings);

}  // namespace ringmq::cli
