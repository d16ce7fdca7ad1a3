// `ringmq pub`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace ringmq::cli {

// Publishes what the settings say, waits until the server has it as far as the QoS can tell, and
// returns the exit code.
[[nodiscard]] int RunPublish(const Settings& settings);

}  // namespace ringmq::cli
