// The report that a run ends with on the terminal.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/columns.h"
#include "report/result.h"
#include "report/tables.h"

namespace ringmq::report {

// The first line is the verdict, because no number below it means anything without it; the last
// one is the command that repeats the run.
[[nodiscard]] std::string TextReport(const Result& result, Colour colour = Colour::kNone,
                                     Percentiles percentiles = kShownPercentiles);

// A table in aligned columns, beginning with its title.
[[nodiscard]] std::string SetTable(const Table& table, Colour colour = Colour::kNone);

// How good the news is, for those who colour it.
[[nodiscard]] Ink VerdictInk(const Result& result);

}  // namespace ringmq::report
