// mqtt-bench: loads a broker, accounts for every message, and says whether its own numbers can be
// believed.
//
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "command_line.h"
#include "load/run.h"
#include "measure/quantity.h"
#include "report/result.h"
#include "report/result_json.h"
#include "run_once.h"
#include "settings.h"

namespace ringmq::bench {
namespace {

using report::Metric;
using report::Result;

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

const char* NameOf(load::Phase phase) {
  static constexpr const char* kNames[] = {"connect", "warmup", "measure", "drain", "leave"};
  return kNames[static_cast<size_t>(phase)];
}

void PrintTick(const load::Tick& tick, load::Tick& before) {
  std::fprintf(stderr, "%-8s %5.1f s  connected %llu  sent %s/s  acked %s/s  received %s/s\n",
               NameOf(tick.phase), tick.phase_s, static_cast<unsigned long long>(tick.connected),
               measure::FormatCount(static_cast<double>(tick.sent - before.sent)).c_str(),
               measure::FormatCount(static_cast<double>(tick.acked - before.acked)).c_str(),
               measure::FormatCount(static_cast<double>(tick.received - before.received)).c_str());
  before = tick;
}

std::string Quoted(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) absl::StrAppend(&line, i > 0 ? " '" : "'", argv[i], "'");
  return line;
}

// One row; a percentile that too few samples support stays blank.
void PrintLatency(const Result& result, Metric metric) {
  const measure::Histogram& histogram = result.histograms[metric];
  if (histogram.count() == 0) return;
  std::printf("%-12s", report::MetricTitle(metric));
  for (const double percentile : {50.0, 90.0, 99.0, 99.9, 99.99, 99.999}) {
    const std::string text = histogram.Supports(percentile)
                                 ? measure::FormatTime(histogram.ValueAtPercentile(percentile))
                                 : "";
    std::printf(" %9s", text.c_str());
  }
  std::printf(" %9s %10llu\n", measure::FormatTime(histogram.max()).c_str(),
              static_cast<unsigned long long>(histogram.count()));
}

void PrintIntegrity(const measure::IntegrityCounts& counts) {
  std::printf(
      "integrity    lost %llu  lost at QoS 0 (permitted) %llu  duplicates %llu  reordered "
      "%llu  corrupt %llu  misrouted %llu  wrong QoS %llu  foreign %llu\n",
      static_cast<unsigned long long>(counts.lost),
      static_cast<unsigned long long>(counts.lost_permitted),
      static_cast<unsigned long long>(counts.duplicates),
      static_cast<unsigned long long>(counts.reordered),
      static_cast<unsigned long long>(counts.corrupt),
      static_cast<unsigned long long>(counts.misrouted),
      static_cast<unsigned long long>(counts.wrong_qos),
      static_cast<unsigned long long>(counts.foreign));
}

void Print(const Result& result) {
  std::printf("%s\n\n", result.verdict.text.c_str());
  std::printf("rates        offered %s  sent %s  acked %s  received %s\n",
              measure::FormatRate(result.rates.offered_per_s).c_str(),
              measure::FormatRate(result.rates.sent_per_s).c_str(),
              measure::FormatRate(result.rates.acked_per_s).c_str(),
              measure::FormatRate(result.rates.received_per_s).c_str());
  std::printf("%-12s %9s %9s %9s %9s %9s %9s %9s %10s\n",
              result.closed_loop ? "closed loop" : "latency", "p50", "p90", "p99", "p99.9",
              "p99.99", "p99.999", "max", "samples");
  for (size_t i = 0; i < report::kMetricCount; ++i) PrintLatency(result, static_cast<Metric>(i));
  PrintIntegrity(result.integrity);
  for (const report::Asserted& asserted : result.assertions) {
    std::printf("assertion    %s\n", asserted.text.c_str());
  }
  for (const auto& [error, count] : result.errors.connect_errors) {
    std::printf("error        %s\n", error.c_str());
  }
  if (result.broker.has_value()) {
    std::printf(
        "broker       %s (%lld): %.3f CPU s, %.3f CPU s per million messages, RSS %s, %s "
        "per connection\n",
        result.broker->name.c_str(), static_cast<long long>(result.broker->pid),
        result.broker->cpu_s, result.broker->cpu_s_per_million,
        measure::FormatBytes(static_cast<double>(result.broker->rss_after_bytes)).c_str(),
        measure::FormatBytes(result.broker->rss_bytes_per_connection).c_str());
  }
  std::printf("generator    %.3f CPU s, %.3f CPU s per million messages\n", result.generator.cpu_s,
              result.generator.cpu_s_per_million);
  std::printf("repeat with  %s\n", result.command_line.c_str());
}

int Run(const Settings& settings, const std::string& command_line) {
  load::Tick last;
  absl::StatusOr<Result> result = RunOnce(settings, [&](const load::Tick& tick) {
    if (!settings.quiet) PrintTick(tick, last);
  });
  if (!result.ok()) {
    std::fprintf(stderr, "mqtt-bench: %s\n", std::string(result.status().message()).c_str());
    return kUsage;
  }
  result->command_line = command_line;
  Print(*result);
  if (!settings.json.empty()) {
    std::ofstream file(settings.json);
    file << report::ToJson(*result);
    if (!file.flush()) {
      std::fprintf(stderr, "mqtt-bench: --json: cannot write %s\n", settings.json.c_str());
      return kRunFailed;
    }
  }
  return ExitCodeOf(*result, settings.allow_invalid);
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  Settings settings;
  if (const std::optional<int> code = ParseCommandLine(argc, argv, settings)) return *code;
  RaiseDescriptorLimit();
  return Run(settings, Quoted(argc, argv));
}

}  // namespace
}  // namespace ringmq::bench

int main(int argc, char** argv) { return ringmq::bench::Main(argc, argv); }
