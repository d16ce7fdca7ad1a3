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

struct Figure {
  std::string name;  // "received per s", "p99 response"
  measure::Direction direction = measure::Direction::kLowerIsBetter;
  // None: this run does not have it.
  std::function<std::optional<double>(const Result&)> of;
  std::function<std::string(double)> text;
};

// The headline first.
[[nodiscard]] std::vector<Figure> Figures();

// Of each, all above zero. Empty: not every run has it.
[[nodiscard]] std::vector<double> ValuesOf(const Figure& figure, std::span<const Result> results);

}  // namespace ringmq::report
