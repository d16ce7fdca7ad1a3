// The report of a run as one HTML file: inline SVG, no script, nothing from elsewhere.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/result.h"
#include "report/tables.h"

namespace ringmq::report {

[[nodiscard]] std::string HtmlReport(const Result& result,
                                     Percentiles percentiles = kShownPercentiles);

}  // namespace ringmq::report
