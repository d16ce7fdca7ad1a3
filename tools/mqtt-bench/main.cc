// mqtt-bench: loads a broker, accounts for every message, and says whether its own numbers can be
// believed.
//
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "command_line.h"
#include "load/run.h"
#include "make_plan.h"
#include "measure/quantity.h"
#include "report/result.h"
#include "report/result_json.h"
#include "settings.h"
#include "watch.h"

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

std::string UtcNow() {
  char text[32];
  const time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string Quoted(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) absl::StrAppend(&line, i > 0 ? " '" : "'", argv[i], "'");
  return line;
}

void DescribeHost(Result& result, const Settings& settings) {
  utsname name{};
  uname(&name);
  result.environment.kernel = absl::StrCat(name.sysname, " ", name.release);
  result.environment.engine = settings.engine;
  result.environment.cores = static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    result.environment.cpu_model = line.substr(line.find(':') + 2);
    break;
  }
}

Result MakeResult(const Settings& settings, const load::Outcome& outcome) {
  const load::Findings& all = outcome.findings;
  Result result;
  result.tool_version = RINGMQ_VERSION;
  result.scenario = settings.command;
  result.start_time = UtcNow();
  result.closed_loop = settings.rate.empty();
  result.connections = outcome.connected;
  result.qos = static_cast<uint8_t>(settings.qos);
  result.phases.measure_s = outcome.measured_s;
  result.counters = {.offered = all.offered,
                     .sent = all.sent,
                     .acked = all.acked,
                     .received = all.received,
                     .expected = outcome.expected_in_all};
  const double s = std::max(outcome.measured_s, 1e-9);
  result.rates = {.offered_per_s = static_cast<double>(all.offered) / s,
                  .sent_per_s = static_cast<double>(all.sent) / s,
                  .acked_per_s = static_cast<double>(all.acked) / s,
                  .received_per_s = static_cast<double>(all.received) / s};
  result.histograms[Metric::kResponse] = all.response;
  result.histograms[Metric::kService] = all.service;
  result.histograms[Metric::kAck] = all.ack;
  result.histograms[Metric::kSendLag] = all.lag;
  result.histograms[Metric::kConnectTcp] = all.connect_tcp;
  result.histograms[Metric::kConnack] = all.connack;
  result.histograms[Metric::kSuback] = all.suback;
  result.integrity = all.integrity;
  for (const std::string& error : all.errors) ++result.errors.connect_errors[error];
  // Waiting awake for the clock is no work for a message.
  result.generator.cpu_s =
      static_cast<double>(all.cpu_ns - std::min(all.cpu_ns, all.idle_ns)) * 1e-9;
  const auto messages = static_cast<double>(outcome.sent_in_all + all.integrity.received);
  if (messages > 0) result.generator.cpu_s_per_million = result.generator.cpu_s / messages * 1e6;
  result.verdict = outcome.verdict;
  DescribeHost(result, settings);
  return result;
}

void AddBroker(const Settings& settings, const Spent& before, const Spent& after,
               const load::Outcome& outcome, Result& result) {
  report::BrokerCost cost;
  cost.pid = settings.watch_pid;
  cost.name = after.name;
  cost.cpu_s = after.cpu_s - before.cpu_s;
  const auto messages =
      static_cast<double>(outcome.sent_in_all + outcome.findings.integrity.received);
  if (messages > 0) cost.cpu_s_per_million = cost.cpu_s / messages * 1e6;
  cost.rss_before_bytes = before.rss_bytes;
  cost.rss_after_bytes = after.rss_bytes;
  if (outcome.connected > 0 && after.rss_bytes > before.rss_bytes) {
    cost.rss_bytes_per_connection = static_cast<double>(after.rss_bytes - before.rss_bytes) /
                                    static_cast<double>(outcome.connected);
  }
  result.broker = cost;
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
  const auto assignment = MakePlan(settings);
  if (!assignment.ok()) {
    std::fprintf(stderr, "mqtt-bench: %s\n", std::string(assignment.status().message()).c_str());
    return kUsage;
  }
  std::optional<Spent> before;
  if (settings.watch_pid != 0) {
    before = Look(settings.watch_pid);
    if (!before.has_value()) {
      std::fprintf(stderr, "mqtt-bench: --watch-pid: there is no process %d\n", settings.watch_pid);
      return kUsage;
    }
  }
  load::Tick last;
  std::optional<Spent> after;
  const load::Outcome outcome =
      load::Execute(assignment->plan, assignment->times, [&](const load::Tick& tick) {
        // The last look before everybody leaves: with all connections there.
        if (settings.watch_pid != 0) after = Look(settings.watch_pid);
        if (!settings.quiet) PrintTick(tick, last);
      });
  Result result = MakeResult(settings, outcome);
  result.command_line = command_line;
  if (before.has_value() && after.has_value()) {
    AddBroker(settings, *before, *after, outcome, result);
  }
  Print(result);
  if (!settings.json.empty()) {
    std::ofstream file(settings.json);
    file << report::ToJson(result);
    if (!file.flush()) {
      std::fprintf(stderr, "mqtt-bench: --json: cannot write %s\n", settings.json.c_str());
      return kRunFailed;
    }
  }
  if (outcome.failed > 0 || !outcome.findings.errors.empty()) return kRunFailed;
  const bool invalid = outcome.verdict.kind == measure::Verdict::kGeneratorLimited;
  return invalid && !settings.allow_invalid ? kMeasurementInvalid : kOk;
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
