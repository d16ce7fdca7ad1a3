// Small pieces of reading text, shared by what measure parses: numbers that are nothing but a
// number, and cutting at a separator. All views point into the argument.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace ringmq::measure {

// The whole of `text` as a number; no sign but '-', no space, no "inf" or "nan".
template <typename Number>
[[nodiscard]] std::optional<Number> ParseNumber(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// Takes what stands before the first `separator` off the front of `rest`, and the separator with
// it; the whole of `rest` when there is none. A loop over this ends when `rest` is empty.
[[nodiscard]] inline std::string_view TakeUntil(char separator, std::string_view& rest) {
  const size_t at = rest.find(separator);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

}  // namespace ringmq::measure
