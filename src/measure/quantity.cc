// SPDX-License-Identifier: Apache-2.0
#include "measure/quantity.h"

#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "measure/text.h"

namespace ringmq::measure {
namespace {

constexpr double kDurationMaxNs = 100.0 * 366 * 24 * 3600 * 1e9;
constexpr double kCountMax = 1e18;

struct Unit {
  std::string_view name;
  double factor;
};

// No small "m": it is milli to one reader, mega to another, a minute to the third.
constexpr std::array<Unit, 5> kCountUnits = {
    {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}};
constexpr std::array<Unit, 5> kSizeUnits = {
    {{"", 1}, {"k", 0x1p10}, {"K", 0x1p10}, {"M", 0x1p20}, {"B", 1}}};
constexpr std::array<Unit, 9> kTimeUnits = {{{"ns", 1},
                                             {"us", 1e3},
                                             {"µs", 1e3},
                                             {"ms", 1e6},
                                             {"s", 1e9},
                                             {"m", 60e9},
                                             {"min", 60e9},
                                             {"h", 3600e9},
                                             {"d", 86400e9}}};

absl::Status Refuse(std::string_view text, const char* should) {
  return absl::InvalidArgumentError("'" + std::string(text) + "' " + should);
}

// A number that is not negative, and one of the units behind it.
std::optional<double> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view name = digits == std::string_view::npos ? "" : text.substr(digits);
  const std::optional<double> number = ParseNumber<double>(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name == name) return *number * unit.factor;
  }
  return std::nullopt;
}

enum class Precision : uint8_t {
  kOneDigit,     // Behind the point, always.
  kThreeDigits,  // In all: none behind the point from 100.
};

bool PrintsDigit(double value, Precision precision) {
  return precision == Precision::kOneDigit || value < 99.95;
}

double RoundedAsPrinted(double value, Precision precision) {
  return PrintsDigit(value, precision) ? std::round(value * 10) / 10 : std::round(value);
}

std::string FormatSteps(double value, double step, std::span<const std::string_view> units,
                        Precision precision) {
  size_t unit = 0;
  double magnitude = std::abs(value);
  // What will be printed decides the unit, so that "1000µs" never is.
  while (unit + 1 < units.size() && RoundedAsPrinted(magnitude, precision) >= step) {
    magnitude /= step;
    ++unit;
  }
  // Whole numbers of whole things have no digit behind the point.
  const bool whole = unit == 0 && magnitude == std::floor(magnitude);
  const bool digit = !whole && PrintsDigit(magnitude, precision);
  return absl::StrFormat("%s%.*f%s", value < 0 ? "-" : "", digit ? 1 : 0, magnitude,
                         std::string(units[unit]));
}

constexpr std::array<std::string_view, 4> kCountNames = {"", "k", "M", "G"};

}  // namespace

absl::StatusOr<double> ParseCount(std::string_view text) {
  const std::optional<double> count = ParseWithUnit(text, kCountUnits);
  if (!count || *count > kCountMax) return Refuse(text, "is no number like 200, 1.5k or 2M");
  return *count;
}

absl::StatusOr<double> ParseRate(std::string_view text) {
  std::string_view per = text;
  const std::optional<double> count = ParseWithUnit(TakeUntil('/', per), kCountUnits);
  double period_s = 0;
  if (per == "s" || text.find('/') == std::string_view::npos) period_s = 1;
  if (per == "m" || per == "min") period_s = 60;
  if (per == "h") period_s = 3600;
  if (!count || *count > kCountMax || period_s == 0) {
    return Refuse(text, "is no rate like 200k, 0.5/s or 30/m");
  }
  if (*count == 0) return Refuse(text, "is no rate: it must be above zero, like 0.5/s");
  return *count / period_s;
}

absl::StatusOr<int64_t> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  if (ParseNumber<double>(text)) return Refuse(text, "has no unit: write 10s, 250ms or 2m");
  const std::optional<double> ns = ParseWithUnit(text, kTimeUnits);
  if (!ns || *ns > kDurationMaxNs) return Refuse(text, "is no time like 10s, 250ms or 2m");
  return static_cast<int64_t>(std::llround(*ns));
}

absl::StatusOr<SizeRange> ParseSizeRange(std::string_view text) {
  std::string_view rest = text;
  const std::string_view low_text = TakeUntil('-', rest);
  const bool single = low_text.size() == text.size();
  const std::optional<double> low = ParseWithUnit(low_text, kSizeUnits);
  const std::optional<double> high = single ? low : ParseWithUnit(rest, kSizeUnits);
  if (!low || !high || *low != std::floor(*low) || *high != std::floor(*high)) {
    return Refuse(text, "is no size in bytes like 16, 4k or 64-4k");
  }
  if (*high > static_cast<double>(kSizeBytesMax)) {
    return Refuse(text, "is more than an MQTT packet can hold: at most 268435455 bytes");
  }
  if (*low > *high) return Refuse(text, "begins above its end: write the smaller size first");
  return SizeRange{static_cast<uint64_t>(*low), static_cast<uint64_t>(*high)};
}

absl::StatusOr<Ramp> ParseRamp(std::string_view text) {
  const absl::StatusOr<double> rate = ParseRate(text);
  if (rate.ok()) return Ramp{.per_s = *rate};
  if (text.find('/') != std::string_view::npos) return rate.status();
  const absl::StatusOr<int64_t> within = ParseDuration(text);
  // All at once is for storms.
  if (!within.ok() || *within == 0)
    return Refuse(text, "is no ramp: write 10s (all within) or 2k/s (so many)");
  return Ramp{.within_ns = *within};
}

std::string FormatTime(int64_t ns) {
  static constexpr std::array<std::string_view, 4> kUnits = {"ns", "µs", "ms", "s"};
  return FormatSteps(static_cast<double>(ns), 1000, kUnits, Precision::kThreeDigits);
}

std::string FormatCount(double count) {
  return FormatSteps(count, 1000, kCountNames, Precision::kOneDigit);
}

std::string FormatRate(double per_s) { return FormatCount(per_s) + "/s"; }

std::string FormatRateBriefly(double per_s) {
  return FormatSteps(per_s, 1000, kCountNames, Precision::kThreeDigits) + "/s";
}

std::string FormatBytes(double bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  return FormatSteps(bytes, 1024, kUnits, Precision::kOneDigit);
}

std::string FormatShare(double share) {
  const double percent = share * 100;
  return absl::StrFormat(percent < 9.95 && percent > 0 ? "%.1f %%" : "%.0f %%", percent);
}

}  // namespace ringmq::measure
