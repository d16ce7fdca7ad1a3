// The command line of mqtt-bench.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "settings.h"

namespace ringmq::bench {

// Fills `settings`. A value: leave with this exit code, everything was said.
[[nodiscard]] std::optional<int> ParseCommandLine(int argc, char** argv, Settings& settings);

}  // namespace ringmq::bench
