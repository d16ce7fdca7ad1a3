// SPDX-License-Identifier: Apache-2.0
#include "report/telemetry_tables.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "report/columns.h"

namespace ringmq::report {
namespace {

std::string NumberText(double number) {
  constexpr double kDigitsMax = 1e15;
  const bool is_whole = std::floor(number) == number && std::abs(number) < kDigitsMax;
  if (!is_whole) return absl::StrFormat("%.4g", number);
  const std::string digits = GroupDigits(static_cast<uint64_t>(std::abs(number)));
  return number < 0 ? "-" + digits : digits;
}

std::string RateText(double per_s) {
  return std::abs(per_s) < 100 ? absl::StrFormat("%.3g", per_s) : NumberText(std::round(per_s));
}

bool IsBucket(const std::string& name) { return name.find("_bucket{") != std::string::npos; }

double ChangeOf(const TelemetryGauge& gauge) {
  const double largest = std::max(std::abs(gauge.min), std::abs(gauge.max));
  return largest > 0 ? (gauge.max - gauge.min) / largest : 0;
}

// Never "-0.0".
std::string SecondsText(double s) {
  constexpr double kTenths = 10;
  return absl::StrFormat("%.1f s", std::round(s * kTenths) / kTenths + 0.0);
}

std::string TitleOf(const Telemetry& telemetry, const char* what) {
  return absl::StrCat(what, " of ", telemetry.source, " (", telemetry.looks,
                      telemetry.looks == 1 ? " look at " : " looks from ",
                      SecondsText(telemetry.from_s),
                      telemetry.looks == 1 ? "" : " to " + SecondsText(telemetry.to_s), ")");
}

Table CounterTable(const Telemetry& telemetry, const std::vector<TelemetryCounter>& counters) {
  Table table{.title = TitleOf(telemetry, "Counters"), .values = Align::kRight};
  table.header = {"", "before", "after", "per second", "most in a second"};
  for (const TelemetryCounter& counter : counters) {
    table.rows.push_back({counter.name, NumberText(counter.before), NumberText(counter.after),
                          RateText(counter.per_s), RateText(counter.max_per_s)});
  }
  return table;
}

Table GaugeTable(const Telemetry& telemetry, const std::vector<TelemetryGauge>& gauges) {
  Table table{.title = TitleOf(telemetry, "Gauges"), .values = Align::kRight};
  table.header = {"", "min", "mean", "max"};
  for (const TelemetryGauge& gauge : gauges) {
    table.rows.push_back(
        {gauge.name, NumberText(gauge.min), RateText(gauge.mean), NumberText(gauge.max)});
  }
  return table;
}

// The first of them, and what there is besides.
template <typename Value>
std::string Shorten(std::vector<Value>& values, size_t all, size_t rows_max) {
  if (values.size() > rows_max) values.resize(rows_max);
  if (values.size() == all) return "";
  return absl::StrCat(values.size(), " of ", all,
                      "; --json and --html have all, --scrape-only chooses");
}

}  // namespace

std::vector<Table> TelemetryTables(const Result& result, size_t rows_max) {
  std::vector<Table> tables;
  for (const Telemetry& telemetry : result.telemetry) {
    std::vector<TelemetryCounter> counters = telemetry.counters;
    std::erase_if(counters, [](const TelemetryCounter& one) { return IsBucket(one.name); });
    std::ranges::stable_sort(counters, std::greater(), &TelemetryCounter::per_s);
    const std::string more = Shorten(counters, telemetry.counters.size(), rows_max);
    tables.push_back(CounterTable(telemetry, counters));
    tables.back().note = more;
    std::vector<TelemetryGauge> gauges = telemetry.gauges;
    std::erase_if(gauges, [](const TelemetryGauge& one) { return ChangeOf(one) <= 0; });
    std::ranges::stable_sort(gauges, std::greater(), ChangeOf);
    const std::string others = Shorten(gauges, telemetry.gauges.size(), rows_max);
    tables.push_back(GaugeTable(telemetry, gauges));
    tables.back().note = others;
  }
  return tables;
}

std::vector<Table> AllTelemetryTables(const Result& result) {
  std::vector<Table> tables;
  for (const Telemetry& telemetry : result.telemetry) {
    tables.push_back(CounterTable(telemetry, telemetry.counters));
    tables.push_back(GaugeTable(telemetry, telemetry.gauges));
  }
  return tables;
}

}  // namespace ringmq::report
