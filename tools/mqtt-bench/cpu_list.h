// Cores by number, and which a process may run on.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::bench {

// "0,2-3" is 0, 2, 3; empty is none. An error names the flag and gives an example.
[[nodiscard]] absl::StatusOr<std::vector<int>> ParseCpuList(const std::string& text);

// Of `cpus` those that the process may run on too, as "0, 2"; empty: none, or it cannot be told.
[[nodiscard]] std::string SharedWith(int pid, const std::vector<int>& cpus);

}  // namespace ringmq::bench
