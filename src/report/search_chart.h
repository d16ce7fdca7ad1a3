// What `search` found: how latency grows with the rate, and where it stops being good.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "report/page.h"
#include "report/result.h"

namespace ringmq::report {

// The highest rate that held what was demanded; null: none did.
[[nodiscard]] const SearchPoint* HighestThatHolds(const Result& result);

// Each point leads to the result of its rate. Nothing if there are no points with a rate.
[[nodiscard]] std::optional<Figure> SaturationCurve(const Result& result);

}  // namespace ringmq::report
