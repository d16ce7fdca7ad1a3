// SPDX-License-Identifier: Apache-2.0
#include "doctor.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "make_plan.h"
#include "reactor/features.h"
#include "report/diagnosis.h"
#include "sources.h"

namespace ringmq::bench {
namespace {

std::string LineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<uint64_t> NumberIn(const std::string& path) {
  std::istringstream line(LineOf(path));
  uint64_t number = 0;
  if (!(line >> number)) return std::nullopt;
  return number;
}

// "MemAvailable:   123 kB" of a file with one name a line.
std::optional<uint64_t> NumberAfter(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(name);
    if (at == std::string::npos) continue;
    std::istringstream rest(line.substr(at + name.size()));
    uint64_t number = 0;
    if (rest >> number) return number;
  }
  return std::nullopt;
}

// /proc/net/netstat has lines in pairs: names, then numbers.
std::optional<uint64_t> CounterOf(const std::string& name) {
  std::ifstream file("/proc/net/netstat");
  std::string names;
  std::string numbers;
  while (std::getline(file, names) && std::getline(file, numbers)) {
    std::istringstream name_words(names);
    std::istringstream number_words(numbers);
    std::string word;
    std::string number;
    while (name_words >> word && number_words >> number) {
      if (word == name) return std::strtoull(number.c_str(), nullptr, 10);
    }
  }
  return std::nullopt;
}

std::optional<uint64_t> PortsOfAnAddress() {
  std::istringstream line(LineOf("/proc/sys/net/ipv4/ip_local_port_range"));
  uint64_t first = 0;
  uint64_t last = 0;
  if (!(line >> first >> last) || last < first) return std::nullopt;
  return last - first + 1;
}

// "50000 100000": so much of each period; "max 100000": all.
std::optional<double> CoresOfCgroup() {
  std::istringstream line(LineOf("/sys/fs/cgroup/cpu.max"));
  double quota = 0;
  double period = 0;
  if (!(line >> quota >> period) || period <= 0) return std::nullopt;
  return quota / period;
}

uint32_t CoresOfProcess() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 0;
  return static_cast<uint32_t>(CPU_COUNT(&cpus));
}

report::Machine ReadMachine() {
  report::Machine machine;
  machine.cores = CoresOfProcess();
  machine.cores_of_cgroup = CoresOfCgroup();
  machine.governor = LineOf("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  machine.clock_source = LineOf("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (const auto kilobytes = NumberAfter("/proc/meminfo", "MemAvailable:")) {
    machine.memory_free_bytes = *kilobytes * 1024;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) machine.descriptors = limit.rlim_max;
  machine.descriptors_of_all = NumberIn("/proc/sys/fs/file-max");
  machine.ports = PortsOfAnAddress();
  machine.time_wait = NumberAfter("/proc/net/sockstat", " tw ");
  machine.backlog = NumberIn("/proc/sys/net/core/somaxconn");
  machine.listen_overflows = CounterOf("ListenOverflows");
  machine.connections_tracked = NumberIn("/proc/sys/net/netfilter/nf_conntrack_count");
  machine.connections_tracked_max = NumberIn("/proc/sys/net/netfilter/nf_conntrack_max");
  machine.uring_refusal = reactor::ProbeKernel().uring_refusal;
  return machine;
}

bool IsUnix(const std::string& url) { return url.starts_with("unix:"); }

bool IsLoopback(const std::string& url) {
  const size_t separator = url.find("://");
  const std::string host = separator == std::string::npos ? url : url.substr(separator + 3);
  return IsUnix(url) || host.starts_with("127.") || host.starts_with("localhost") ||
         host.starts_with("[::1]");
}

// As many as a run without --source-ip takes by itself.
uint64_t AddressesOf(const Settings& settings, uint64_t connections, size_t given) {
  constexpr uint64_t kConnectionsEach = 1000;
  const auto is_spread = [](const std::string& url) {
    return url.find("://127.") != std::string::npos;
  };
  const bool spreads = given == 0 && std::ranges::all_of(settings.urls, IsLoopback) &&
                       std::ranges::any_of(settings.urls, is_spread);
  return std::max<uint64_t>(spreads ? connections / kConnectionsEach : given, 1);
}

}  // namespace

std::vector<report::Diagnosed> DiagnoseFor(const Settings& settings, uint64_t connections) {
  const auto sources = ParseSources(settings.sources);
  if (!sources.ok()) return {};
  return report::Diagnose(ReadMachine(),
                          {.connections = connections,
                           .processes = settings.processes,
                           .source_addresses = AddressesOf(settings, connections, sources->size()),
                           .is_loopback = std::ranges::all_of(settings.urls, IsLoopback),
                           .has_ports = !std::ranges::all_of(settings.urls, IsUnix)});
}

void WarnOfLimits(const Settings& settings) {
  Settings run = settings;
  const bool is_series = run.command == "ab" || run.command == "search" || run.command == "soak";
  if (is_series) run.command = run.scenario;
  const auto assignment = MakePlan(run);
  if (!assignment.ok()) return;
  for (const report::Diagnosed& one : DiagnoseFor(run, assignment->plan.connections())) {
    if (one.kind != report::Diagnosed::kTooLow) continue;
    std::fprintf(stderr, "mqtt-bench: %s: %s: %s; %s\n", one.what.c_str(), one.found.c_str(),
                 one.why.c_str(), one.cure.c_str());
  }
}

int RunDoctor(const Settings& settings) {
  const auto sources = ParseSources(settings.sources);
  if (!sources.ok()) {
    std::fprintf(stderr, "mqtt-bench: %s\n", std::string(sources.status().message()).c_str());
    return kUsage;
  }
  const std::vector<report::Diagnosed> seen = DiagnoseFor(settings, settings.connections);
  const bool is_plain = isatty(STDOUT_FILENO) == 0 || std::getenv("NO_COLOR") != nullptr;
  const auto colour = is_plain ? report::Colour::kNone : report::Colour::kAnsi;
  std::printf("For %llu connections (--clients) to %s:\n",
              static_cast<unsigned long long>(settings.connections),
              absl::StrJoin(settings.urls, ", ").c_str());
  std::fputs(report::DiagnosisText(seen, colour).c_str(), stdout);
  const bool is_possible = std::ranges::none_of(
      seen, [](const report::Diagnosed& one) { return one.kind == report::Diagnosed::kTooLow; });
  return is_possible ? kOk : kMeasurementInvalid;
}

}  // namespace ringmq::bench
