// The result as comma-separated values (RFC 4180), for spreadsheets and plotting scripts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/result.h"
#include "report/tables.h"

namespace ringmq::report {

// One line a second, with a header: times in seconds and nanoseconds as the names say.
[[nodiscard]] std::string CsvSeries(const Result& result);

// One line a metric: samples, min, mean, the percentiles of the reports, max, in nanoseconds. A
// percentile that too few samples support is empty.
[[nodiscard]] std::string CsvLatency(const Result& result,
                                     Percentiles percentiles = kShownPercentiles);

}  // namespace ringmq::report
