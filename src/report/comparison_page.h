// Two sets of results side by side as one HTML file.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/comparison.h"
#include "report/result.h"

namespace ringmq::report {

// One side: its results, and where each of them came from (a file or a URL).
struct Side {
  std::span<const Result> results;
  std::vector<std::string> sources;
};

// Requires: neither side is empty; as many sources as results.
[[nodiscard]] std::string ComparisonPage(const Comparison& comparison, const Side& baseline,
                                         const Side& candidate);

}  // namespace ringmq::report
