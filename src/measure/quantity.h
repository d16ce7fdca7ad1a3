// Quantities as people type and read them: "200k", "250ms", "64-4k", "118µs".
//
// What is parsed comes from a command line or a file; a refusal is a sentence that shows what
// would have been right.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringmq::measure {

// "200", "0.5", "200k", "1.5M", "2G": a factor of 1000 each. Not negative.
[[nodiscard]] absl::StatusOr<double> ParseCount(std::string_view text);

// A count per second, "200k" or "200k/s", or per minute or hour, "30/m", "1/h". Above zero.
[[nodiscard]] absl::StatusOr<double> ParseRate(std::string_view text);

// "10s", "250ms", "1.5h", "90m", "2d", "118us" or "118µs", "5ns", "0". Nanoseconds, at most a
// hundred years, not negative. A number without unit is refused, since nobody can tell which.
[[nodiscard]] absl::StatusOr<int64_t> ParseDuration(std::string_view text);

// The largest remaining length of MQTT.
inline constexpr uint64_t kSizeBytesMax = 268'435'455;

struct SizeRange {
  uint64_t low_bytes = 0;
  uint64_t high_bytes = 0;  // Not below low_bytes; equal for a single size.

  bool operator==(const SizeRange&) const = default;
};

// "16", "4k", "64-4k", "1M": of bytes, so a factor of 1024 each. At most the 256 MB that a packet
// of MQTT may have.
[[nodiscard]] absl::StatusOr<SizeRange> ParseSizeRange(std::string_view text);

// How fast connections are opened: all within a time, or so many a second. One of them is zero.
struct Ramp {
  int64_t within_ns = 0;
  double per_s = 0;

  bool operator==(const Ramp&) const = default;
};

// "10s", or "2k/s" or "2k". Above zero.
[[nodiscard]] absl::StatusOr<Ramp> ParseRamp(std::string_view text);

// "5ns", "118µs", "1.9ms", "12.3s", "-3.0ms": at most one digit behind the point, none from 100.
[[nodiscard]] std::string FormatTime(int64_t ns);

// "12", "0.5", "1.5k", "200.0k", "1.2M": one digit behind the point.
[[nodiscard]] std::string FormatCount(double count);

// FormatCount and "/s".
[[nodiscard]] std::string FormatRate(double per_s);

// "200k/s", "1.5k/s": for a sentence, with no digit behind the point from 100.
[[nodiscard]] std::string FormatRateBriefly(double per_s);

// "512 B", "4.0 KiB", "1.5 MiB", "2.0 GiB".
[[nodiscard]] std::string FormatBytes(double bytes);

// "99 %", "0.3 %", of a share in [0, 1].
[[nodiscard]] std::string FormatShare(double share);

}  // namespace ringmq::measure
