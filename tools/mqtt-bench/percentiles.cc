// SPDX-License-Identifier: Apache-2.0
#include "percentiles.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "make_plan.h"
#include "report/tables.h"

namespace ringmq::bench {

absl::StatusOr<std::vector<double>> ParsePercentiles(const std::string& text) {
  if (text.empty()) {
    return std::vector<double>(std::begin(report::kShownPercentiles),
                               std::end(report::kShownPercentiles));
  }
  std::vector<double> percentiles;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    double value = 0;
    const char* const end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data(), end, value);
    const bool is_right = error == std::errc() && stop == end && value > 0 && value < 100;
    if (!is_right) {
      return Bad("--percentiles", absl::StrCat("'", part, "' does not lie between 0 and 100"),
                 "--percentiles 50,90,99,99.9");
    }
    percentiles.push_back(value);
  }
  std::ranges::sort(percentiles);
  const auto again = std::ranges::unique(percentiles);
  percentiles.erase(again.begin(), again.end());
  return percentiles;
}

}  // namespace ringmq::bench
