// `soak`: one long run cut into windows: a line for each while it runs, and in the end whether
// latency, memory, CPU or throughput drift.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

struct SoakWindow {
  double at_s = 0;  // Its end, since the measured phase began.
  uint32_t seconds = 0;
  double received_per_s = 0;
  int64_t p99_ns = 0;  // The median of its seconds' p99.
  double cpu_cores = 0;
  uint64_t rss_bytes = 0;  // At its end; zero: not watched.
};

// Of the measured seconds of a run, in order; what is left over at the end is no window.
[[nodiscard]] std::vector<SoakWindow> WindowsOf(std::span<const report::Second> seconds,
                                                uint32_t window_s);

// "memory grows by 12.0 MiB/h (10.1 to 13.2 MiB/h)", one sentence for each thing that was measured,
// in which nothing is claimed that is not certain.
[[nodiscard]] std::vector<std::string> DriftOf(std::span<const SoakWindow> windows);

[[nodiscard]] int RunSoak(const Settings& settings, const std::string& command_line);

}  // namespace ringmq::bench
