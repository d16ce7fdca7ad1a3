// Expected as std::expected and back, where the standard library has one (C++23). The library
// itself never uses it: then programs of both standards could not share one archive.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <version>

#include "ringmq/expected.h"

#if defined(__cpp_lib_expected)
#include <expected>

namespace ringmq {

template <typename T>
[[nodiscard]] std::expected<T, Error> ToStdExpected(Expected<T> expected) {
  if (!expected.ok()) return std::unexpected(expected.error());
  return std::expected<T, Error>(std::in_place, std::move(expected).value());
}

[[nodiscard]] inline std::expected<void, Error> ToStdExpected(const Expected<void>& expected) {
  if (!expected.ok()) return std::unexpected(expected.error());
  return {};
}

template <typename T>
[[nodiscard]] Expected<T> FromStdExpected(std::expected<T, Error> expected) {
  if (!expected.has_value()) return std::move(expected).error();
  return Expected<T>(std::move(*expected));
}

[[nodiscard]] inline Expected<void> FromStdExpected(std::expected<void, Error> expected) {
  if (!expected.has_value()) return std::move(expected).error();
  return {};
}

}  // namespace ringmq
#endif
