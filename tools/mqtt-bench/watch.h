// What a process has spent, from /proc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ringmq::bench {

struct Spent {
  std::string name;
  double cpu_s = 0;  // User and system, of all its threads.
  uint64_t rss_bytes = 0;
};

// Nothing: there is no such process.
[[nodiscard]] std::optional<Spent> Look(int pid);

}  // namespace ringmq::bench
