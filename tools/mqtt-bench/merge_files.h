// `merge`: results of generators on several hosts as one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace ringmq::bench {

// Returns the exit code.
[[nodiscard]] int MergeFiles(const Settings& settings);

}  // namespace ringmq::bench
