// The figures by which runs are compared.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "measure/paired.h"
#include "report/result.h"

namespace ringmq::report {

struct KeyFigure {
  std::string name;  // "received per s", "p99 response", or that of a scalar.
  measure::Direction direction = measure::Direction::kLowerIsBetter;
  // None: this run does not have it. Else above zero.
  std::function<std::optional<double>(const Result&)> of;
  std::function<std::string(double)> text;
};

// The headline first: what only one command measures (measure/scalars.h), then what many do.
[[nodiscard]] std::vector<KeyFigure> Figures();

// Of each, all above zero. Empty: not every run has it.
[[nodiscard]] std::vector<double> ValuesOf(const KeyFigure& figure,
                                           std::span<const Result> results);

}  // namespace ringmq::report
