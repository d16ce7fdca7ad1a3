// Results of generators on several hosts that loaded one broker together, as one result.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "report/result.h"

namespace ringmq::report {

struct Merging {
  std::vector<std::string> sources{};  // What each result is called, as many as there are.
  // Of what was asked for (scenario, QoS, configuration), and of when they ran.
  bool allows_differences = false;
};

// As Merge(), with seconds laid over each other by the clock on the wall: each host's start time
// and what it took until it measured, to the whole second. The configuration is that of all: sums
// of rates and numbers, lists of what else differs. Assertions are not judged. kInvalidArgument:
// two are the same, what was asked for differs, or they ran one after the other; the message says
// where. Requires: two results or more.
[[nodiscard]] absl::StatusOr<Result> MergeHosts(std::span<const Result> results,
                                                const Merging& merging);

}  // namespace ringmq::report
