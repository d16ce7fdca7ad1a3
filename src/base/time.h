// Time as every part of ringmq that is not the reactor sees it: a number that comes in as an
// argument. Nothing here reads a clock.
//
// A Duration is signed nanoseconds; an Instant is nanoseconds since an epoch that only its
// source knows (the reactor's monotonic clock, or a simulation's). 2^63 ns is 292 years, so
// sums of two sensible values never overflow; Instant::Max() stands for "never".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace ringmq {

struct Duration {
  int64_t ns = 0;

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {ns + other.ns}; }
  constexpr Duration operator-(Duration other) const { return {ns - other.ns}; }
  constexpr Duration operator*(int64_t factor) const { return {ns * factor}; }
  constexpr Duration operator/(int64_t divisor) const { return {ns / divisor}; }
};

inline constexpr Duration kNanosecond{1};
inline constexpr Duration kMicrosecond{1'000};
inline constexpr Duration kMillisecond{1'000'000};
inline constexpr Duration kSecond{1'000'000'000};

constexpr Duration operator*(int64_t factor, Duration duration) { return duration * factor; }

struct Instant {
  int64_t ns = 0;

  static constexpr Instant Max() { return {std::numeric_limits<int64_t>::max()}; }

  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration duration) const { return {ns + duration.ns}; }
  constexpr Instant operator-(Duration duration) const { return {ns - duration.ns}; }
  constexpr Duration operator-(Instant other) const { return {ns - other.ns}; }
};

}  // namespace ringmq
