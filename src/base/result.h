// A value or a one-byte reason why there is none: the error channel of the data plane.
//
// No strings and no allocation, because what comes from a hostile peer must not choose how much
// work an error costs. The control plane (configuration, start-up) uses absl::StatusOr instead.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace ringmq::base {

template <typename T, typename Error>
class [[nodiscard]] Result {
  static_assert(std::is_enum_v<Error> && sizeof(Error) == 1);

 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: converts.
  Result(Error error) : state_(std::in_place_index<1>, error) {}         // NOLINT: converts.

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Requires: ok().
  [[nodiscard]] T& value() {
    RMQ_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const {
    RMQ_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires: !ok().
  [[nodiscard]] Error error() const {
    RMQ_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace ringmq::base
