// Numbers as people type them, and what to say when they are none.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "ringmq/expected.h"

namespace ringmq::cli {

inline constexpr double kSecondsMax = 4'000'000;  // 46 days; milliseconds then fit everywhere.

inline Error Bad(std::string why) { return Error(Errc::kInvalidArgument, std::move(why)); }
inline std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// All of `text`, and within the bounds; or nothing.
template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, Number min, Number max) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && number >= min && number <= max ? std::optional(number) : std::nullopt;
}

template <typename Number, typename Target>
Expected<void> TakeNumber(std::string_view text, Number min, Number max, Target& target) {
  const std::optional<Number> number = ParseNumber(text, min, max);
  if (!number) {
    return Bad(Quoted(text) + " is not a number from " + std::to_string(min) + " to " +
               std::to_string(max));
  }
  target = static_cast<Target>(*number);
  return {};
}

inline Expected<void> TakeSeconds(std::string_view text, double min,
                                  std::chrono::milliseconds& target) {
  const std::optional<double> seconds = ParseNumber(text, min, kSecondsMax);
  if (!seconds || !std::isfinite(*seconds)) return Bad(Quoted(text) + " is not a time in seconds");
  target = std::chrono::milliseconds(static_cast<int64_t>(std::ceil(*seconds * 1000)));
  return {};
}

}  // namespace ringmq::cli
