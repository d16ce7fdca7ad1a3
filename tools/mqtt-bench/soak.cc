// SPDX-License-Identifier: Apache-2.0
#include "soak.h"

#include <cmath>
#include <cstdio>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "finish.h"
#include "measure/paired.h"
#include "measure/quantity.h"
#include "measure/trend.h"
#include "report/columns.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

constexpr double kHourS = 3600;

SoakWindow WindowOf(std::span<const report::Second> seconds) {
  SoakWindow window{.at_s = seconds.back().at_s,
                    .seconds = static_cast<uint32_t>(seconds.size()),
                    .rss_bytes = seconds.back().broker_rss_bytes};
  const auto count = static_cast<double>(seconds.size());
  std::vector<double> p99;
  for (const report::Second& second : seconds) {
    window.received_per_s += static_cast<double>(second.received) / count;
    window.cpu_cores += second.broker_cpu_cores / count;
    if (second.response_p99_ns > 0) p99.push_back(static_cast<double>(second.response_p99_ns));
  }
  if (!p99.empty()) window.p99_ns = std::llround(measure::Median(p99));
  return window;
}

std::string LineOf(const SoakWindow& window) {
  std::string line = absl::StrCat(
      report::PadLeft(measure::FormatTime(std::llround(window.at_s * 1e9)), 8), "  received ",
      report::PadLeft(measure::FormatRate(window.received_per_s), 9), "  p99 ",
      report::PadLeft(window.p99_ns > 0 ? measure::FormatTime(window.p99_ns) : "-", 7));
  if (window.rss_bytes > 0) {
    absl::StrAppend(&line, "  memory ",
                    report::PadLeft(measure::FormatBytes(static_cast<double>(window.rss_bytes)), 9),
                    absl::StrFormat("  cpu %5.2f", window.cpu_cores));
  }
  return line + "\n";
}

struct Drifting {
  const char* what;
  double (*value)(const SoakWindow& window);
  std::string (*text)(double value);
};

constexpr Drifting kDrifting[] = {
    {"memory", [](const SoakWindow& w) { return static_cast<double>(w.rss_bytes); },
     [](double bytes) { return measure::FormatBytes(bytes); }},
    {"p99", [](const SoakWindow& w) { return static_cast<double>(w.p99_ns); },
     [](double ns) { return measure::FormatTime(std::llround(ns)); }},
    {"CPU", [](const SoakWindow& w) { return w.cpu_cores; },
     [](double cores) { return absl::StrFormat("%.3f cores", cores); }},
    {"throughput", [](const SoakWindow& w) { return w.received_per_s; },
     [](double per_s) { return measure::FormatRate(per_s); }},
};

// A line a window, of the seconds that the ticks bring.
class WindowPrinter {
 public:
  WindowPrinter(uint32_t window_s, bool quiet) : window_s_(window_s), quiet_(quiet) {}

  void OnTick(const load::Tick& tick) {
    if (quiet_) return;
    const std::vector<SoakWindow> windows = WindowsOf(tick.seconds, window_s_);
    for (; printed_ < windows.size(); ++printed_) {
      std::fputs(LineOf(windows[printed_]).c_str(), stderr);
    }
  }

 private:
  uint32_t window_s_;
  bool quiet_;
  size_t printed_ = 0;
};

}  // namespace

std::vector<SoakWindow> WindowsOf(std::span<const report::Second> seconds, uint32_t window_s) {
  size_t first = 0;
  while (first < seconds.size() && seconds[first].at_s < 1) ++first;  // The warm-up's.
  std::vector<SoakWindow> windows;
  for (; first + window_s <= seconds.size(); first += window_s) {
    windows.push_back(WindowOf(seconds.subspan(first, window_s)));
  }
  return windows;
}

std::vector<std::string> DriftOf(std::span<const SoakWindow> windows) {
  if (windows.size() < measure::kTrendPointsMin) {
    return {absl::StrCat("Drift: cannot be told of ", windows.size(), " windows; ",
                         measure::kTrendPointsMin, " are needed.")};
  }
  std::vector<std::string> sentences;
  for (const Drifting& each : kDrifting) {
    std::vector<measure::TrendPoint> points;
    for (const SoakWindow& window : windows) {
      const double value = each.value(window);
      if (value > 0) points.push_back({.at_s = window.at_s, .value = value});
    }
    if (points.size() < measure::kTrendPointsMin) continue;
    const measure::Trend trend = measure::MeasureTrend(points);
    const auto an_hour = [&each](double slope) { return each.text(slope * kHourS); };
    const auto range = [&](double low, double high) {
      return absl::StrCat(" (", an_hour(low), " to ", an_hour(high), " an hour)");
    };
    if (trend.rises()) {
      sentences.push_back(absl::StrCat(each.what, " grows by ", an_hour(trend.slope), " an hour",
                                       range(trend.low, trend.high)));
    } else if (trend.falls()) {
      sentences.push_back(absl::StrCat(each.what, " falls by ", an_hour(-trend.slope), " an hour",
                                       range(-trend.high, -trend.low)));
    } else {
      sentences.push_back(absl::StrCat(each.what, ": no drift that is certain"));
    }
  }
  return sentences;
}

int RunSoak(const Settings& settings, const std::string& command_line) {
  const auto window_ns = measure::ParseDuration(settings.window);
  const double window_s = window_ns.ok() ? static_cast<double>(*window_ns) * 1e-9 : 0;
  if (window_s < 1 || window_s > kHourS * 24) {
    return Complain(absl::InvalidArgumentError("--window: from 1s to 1d; for example --window 1m"),
                    kUsage);
  }
  const auto seconds = static_cast<uint32_t>(window_s);
  Settings run = settings;
  run.command = settings.scenario;
  WindowPrinter printer(seconds, settings.quiet);
  absl::StatusOr<report::Result> result =
      RunOnce(run, [&printer](const load::Tick& tick) { printer.OnTick(tick); });
  if (!result.ok()) return Complain(result.status(), kUsage);
  result->title = absl::StrCat("soak of ", result->scenario, ": ", result->title);
  result->scenario = "soak";
  result->command_line = command_line;
  for (std::string& sentence : DriftOf(WindowsOf(result->series, seconds))) {
    result->notes.push_back(std::move(sentence));
  }
  return Finish(*result, settings);
}

}  // namespace ringmq::bench
