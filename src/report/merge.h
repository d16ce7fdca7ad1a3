// One result out of those of several processes that shared one run against one broker.
//
// What adds up is added up, histograms merge without loss, and seconds are laid over each other by
// their time. Where that cannot be exact it errs towards the worse: a second's p99 is the highest
// of its parts, a second's p50 their mean weighted by deliveries; broker figures are the highest,
// as all of them watched the same one; a scalar whose name says that it is a time ("_s", "_ns")
// is the highest. The verdict is the worst. Assertions are left out: judge them anew on the whole.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "report/result.h"

namespace ringmq::report {

// Requires: `parts` is not empty.
[[nodiscard]] Result Merge(std::span<const Result> parts, const char* part_name = "process");

}  // namespace ringmq::report
