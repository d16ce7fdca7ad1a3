// From what was asked for to what is done.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
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

// Publishers and subscribers as the command and the settings want them.
[[nodiscard]] absl::Status AddTraffic(const Settings& settings, load::Plan& plan);

// A complaint about a flag.
[[nodiscard]] absl::Status Bad(const std::string& flag, const std::string& why,
                               const std::string& example);

}  // namespace ringmq::bench
