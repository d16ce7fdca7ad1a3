// From what was asked for to what is done.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "load/plan.h"
#include "load/run.h"
#include "settings.h"

namespace ringmq::bench {

struct Assignment {
  load::Plan plan;
  load::RunTimes times;
};

// An error names the flag and gives an example.
[[nodiscard]] absl::StatusOr<Assignment> MakePlan(const Settings& settings);

}  // namespace ringmq::bench
