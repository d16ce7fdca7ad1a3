// Which percentiles a report shows.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::bench {

// "50,99,99.9", rising and each once; empty: those that reports show by themselves. An error names
// the flag and gives an example.
[[nodiscard]] absl::StatusOr<std::vector<double>> ParsePercentiles(const std::string& text);

}  // namespace ringmq::bench
