// `search`: the highest rate of a scenario that still meets the assertions, and the curve on the
// way there. What to try next is decided by measure/rate_search.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "measure/rate_search.h"
#include "measure/verdict.h"
#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

// An error names the flag and gives an example.
[[nodiscard]] absl::StatusOr<measure::RateSearchOptions> ParseSearch(const Settings& settings);

// Whether a run at `rate_per_s` says that the rate holds, and why not.
struct PointJudgement {
  measure::TrialOutcome outcome = measure::TrialOutcome::kFails;
  std::string why;
};
// All assertions have to hold and the rate has to be reached. A generator that was late can only
// make responses look longer, so what holds nevertheless holds; what does not is not the target's
// fault then, unless `allow_invalid`.
[[nodiscard]] PointJudgement JudgePoint(const report::Result& result, double rate_per_s,
                                        bool allow_invalid);

// What the whole search comes to: INVALID if its answer rests on a run that was, be it the one
// whose tables are shown or, with `allow_invalid`, the one that is the border.
[[nodiscard]] measure::Verdict JudgeSearch(const measure::SearchAnswer& answer,
                                           std::span<const report::SearchPoint> points,
                                           bool allow_invalid);

// Returns the exit code: kAssertionFailed if not even the lowest rate holds, kMeasurementInvalid if
// the generator is the limit there.
[[nodiscard]] int RunSearch(const Settings& settings, const std::string& command_line);

}  // namespace ringmq::bench
