// What others said of themselves during the run, as tables: for each source the counters that have
// changed, and the gauges.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "report/tables.h"

namespace ringmq::report {

// What a terminal has room for.
inline constexpr size_t kTelemetryRows = 12;

// At most so many rows a table, of those that say most: counters that rose fastest, gauges that
// changed most, without the buckets of histograms. The note says of how many.
[[nodiscard]] std::vector<Table> TelemetryTables(const Result& result, size_t rows_max);

// All of it, by name.
[[nodiscard]] std::vector<Table> AllTelemetryTables(const Result& result);

}  // namespace ringmq::report
