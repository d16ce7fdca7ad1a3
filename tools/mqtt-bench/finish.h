// How a command ends: what it found is shown, written where it is wanted, and becomes an exit code.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

// Says on standard error what is wrong. Returns `code`.
int Complain(const absl::Status& status, int code);

[[nodiscard]] int Finish(const report::Result& result, const Settings& settings);

}  // namespace ringmq::bench
