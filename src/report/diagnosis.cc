// SPDX-License-Identifier: Apache-2.0
#include "report/diagnosis.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/quantity.h"

namespace ringmq::report {
namespace {

// Files, ring and epoll descriptors, standard streams.
constexpr uint64_t kDescriptorsBesides = 64;
// More would be a fleet.
constexpr uint64_t kProcessesMax = 64;
// A connection's socket, both ends of it on the loopback, and what the tool and a broker remember.
constexpr uint64_t kBytesPerConnection = 8'000;

using Kind = Diagnosed::Kind;

Diagnosed Fine(std::string what, std::string found) {
  return {.kind = Kind::kFine,
          .what = std::move(what),
          .found = std::move(found),
          .why = {},
          .cure = {}};
}

std::string Digits(uint64_t number) { return GroupDigits(number); }

Diagnosed OfDescriptors(uint64_t limit, const RunWanted& wanted) {
  Diagnosed seen = Fine("descriptors", Digits(limit));
  const uint64_t each = (wanted.connections + wanted.processes - 1) / wanted.processes;
  if (limit >= each + kDescriptorsBesides) return seen;
  seen.kind = Kind::kTooLow;
  seen.why = absl::StrCat("each connection is one, and ", each, " are wanted",
                          wanted.processes > 1 ? " in each process" : "");
  seen.cure = absl::StrCat("ulimit -Hn ", each + kDescriptorsBesides,
                           " (as root; LimitNOFILE= for a service)");
  if (limit <= kDescriptorsBesides) return seen;
  const uint64_t processes = (wanted.connections - 1) / (limit - kDescriptorsBesides) + 1;
  if (processes <= kProcessesMax) absl::StrAppend(&seen.cure, ", or --processes ", processes);
  return seen;
}

Diagnosed OfAllDescriptors(uint64_t limit, const RunWanted& wanted) {
  Diagnosed seen = Fine("descriptors of all", Digits(limit));
  const uint64_t needed = wanted.connections * (wanted.is_loopback ? 2 : 1);
  if (limit > needed) return seen;
  seen.kind = Kind::kTooLow;
  seen.why = "the broker on this machine needs as many";
  seen.cure = absl::StrCat("sysctl fs.file-max=", 2 * needed);
  return seen;
}

Diagnosed OfPorts(uint64_t ports, const RunWanted& wanted) {
  Diagnosed seen = Fine("ports of an address", Digits(ports));
  if (ports * wanted.source_addresses >= wanted.connections) return seen;
  const uint64_t addresses = wanted.connections / ports + 1;
  seen.kind = Kind::kTooLow;
  seen.why = absl::StrCat("from ", wanted.source_addresses, " address",
                          wanted.source_addresses == 1 ? "" : "es",
                          " to one broker there can be no more connections");
  seen.cure = wanted.is_loopback ? absl::StrCat("--source-ip ", addresses)
                                 : absl::StrCat("--source-ip with ", addresses,
                                                " addresses of this machine, or sysctl "
                                                "net.ipv4.ip_local_port_range='1024 65535'");
  return seen;
}

Diagnosed OfTimeWait(uint64_t lingering) {
  constexpr uint64_t kMany = 10'000;
  Diagnosed seen = Fine("lingering connections", Digits(lingering));
  if (lingering < kMany) return seen;
  seen.kind = Kind::kDoubtful;
  seen.why = "connections of an earlier run hold their ports for a minute";
  seen.cure = "wait, or sysctl net.ipv4.tcp_tw_reuse=1";
  return seen;
}

Diagnosed OfBacklog(uint64_t backlog) {
  constexpr uint64_t kUsual = 4096;
  Diagnosed seen = Fine("listen backlog", Digits(backlog));
  if (backlog >= kUsual) return seen;
  seen.kind = Kind::kDoubtful;
  seen.why =
      "connections that come faster than the broker accepts are dropped and tried again "
      "after a second";
  seen.cure = absl::StrCat("sysctl net.core.somaxconn=", kUsual);
  return seen;
}

Diagnosed OfOverflows(uint64_t overflows) {
  Diagnosed seen = Fine("listen overflows", Digits(overflows));
  if (overflows == 0) return seen;
  seen.kind = Kind::kDoubtful;
  seen.why = "since this machine started so many connections came too fast for a listener";
  seen.cure = "a lower --ramp, if the figure grows during a run";
  return seen;
}

Diagnosed OfTracking(uint64_t tracked, uint64_t limit, uint64_t wanted) {
  Diagnosed seen =
      Fine("tracked connections", absl::StrCat(Digits(tracked), " of ", Digits(limit)));
  if (limit >= tracked + 2 * wanted) return seen;
  seen.kind = Kind::kTooLow;
  seen.why = "the firewall drops what it cannot track";
  seen.cure = absl::StrCat("sysctl net.netfilter.nf_conntrack_max=", 2 * (tracked + 2 * wanted));
  return seen;
}

Diagnosed OfMemory(uint64_t free_bytes, const RunWanted& wanted) {
  Diagnosed seen = Fine("free memory", measure::FormatBytes(static_cast<double>(free_bytes)));
  if (free_bytes >= wanted.connections * kBytesPerConnection) return seen;
  seen.kind = Kind::kTooLow;
  seen.why = absl::StrCat("a connection takes some ", kBytesPerConnection / 1000,
                          " kB, most of it the kernel's");
  return seen;
}

Diagnosed OfCores(const Machine& machine, const RunWanted& wanted) {
  Diagnosed seen = Fine("cores", std::to_string(machine.cores));
  if (machine.cores_of_cgroup && *machine.cores_of_cgroup < machine.cores) {
    seen.found += absl::StrCat(", ", *machine.cores_of_cgroup, " granted");
    seen.kind = Kind::kDoubtful;
    seen.why =
        "a container that has used up its share stands still until the next period: "
        "latencies of tens of milliseconds are its own";
    seen.cure = "run outside of it, or with more CPU";
  } else if (machine.cores < 2 && wanted.is_loopback) {
    seen.kind = Kind::kDoubtful;
    seen.why = "generator and broker take the one core from each other";
    seen.cure = "a broker on another machine";
  }
  return seen;
}

Diagnosed OfGovernor(const std::string& governor) {
  Diagnosed seen = Fine("frequency governor", governor.empty() ? "none" : governor);
  if (governor.empty() || governor == "performance") return seen;
  seen.kind = Kind::kDoubtful;
  seen.why = "a core that idles between messages is slow when one comes";
  seen.cure = "cpupower frequency-set -g performance";
  return seen;
}

Diagnosed OfClock(const std::string& source) {
  Diagnosed seen = Fine("clock", source);
  if (source == "tsc" || source == "kvm-clock" || source == "arch_sys_counter") return seen;
  seen.kind = Kind::kDoubtful;
  seen.why = "reading this one is a system call, and the clock is read twice a turn";
  seen.cure = "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource";
  return seen;
}

Diagnosed OfUring(const std::string& refusal) {
  Diagnosed seen = Fine("io_uring", refusal.empty() ? "works" : "not here: epoll");
  if (refusal.empty()) return seen;
  seen.kind = Kind::kDoubtful;
  seen.why = refusal;
  return seen;
}

}  // namespace

std::vector<Diagnosed> Diagnose(const Machine& machine, const RunWanted& wanted) {
  std::vector<Diagnosed> seen;
  if (machine.cores > 0) seen.push_back(OfCores(machine, wanted));
  if (machine.memory_free_bytes) seen.push_back(OfMemory(*machine.memory_free_bytes, wanted));
  if (machine.descriptors) {
    seen.push_back(OfDescriptors(*machine.descriptors, wanted));
  }
  if (machine.descriptors_of_all) {
    seen.push_back(OfAllDescriptors(*machine.descriptors_of_all, wanted));
  }
  if (machine.ports && wanted.has_ports) seen.push_back(OfPorts(*machine.ports, wanted));
  if (machine.time_wait && wanted.has_ports) seen.push_back(OfTimeWait(*machine.time_wait));
  if (machine.backlog) seen.push_back(OfBacklog(*machine.backlog));
  if (machine.listen_overflows) seen.push_back(OfOverflows(*machine.listen_overflows));
  if (machine.connections_tracked && machine.connections_tracked_max) {
    seen.push_back(OfTracking(*machine.connections_tracked, *machine.connections_tracked_max,
                              wanted.connections));
  }
  seen.push_back(OfGovernor(machine.governor));
  if (!machine.clock_source.empty()) seen.push_back(OfClock(machine.clock_source));
  seen.push_back(OfUring(machine.uring_refusal));
  return seen;
}

std::string DiagnosisText(const std::vector<Diagnosed>& diagnosis, Colour colour) {
  constexpr size_t kMarkColumns = 8;
  constexpr size_t kNameColumns = 24;
  std::string text;
  for (const Diagnosed& seen : diagnosis) {
    const auto [mark, ink] = [&seen]() -> std::pair<const char*, Ink> {
      switch (seen.kind) {
        case Kind::kFine:
          return {"ok", Ink::kGood};
        case Kind::kDoubtful:
          return {"watch", Ink::kWarning};
        case Kind::kTooLow:
          return {"too low", Ink::kBad};
      }
      RMQ_CHECK(false);
    }();
    text += Paint(PadRight(mark, kMarkColumns), ink, colour) + PadRight(seen.what, kNameColumns) +
            Printable(seen.found) + "\n";
    const std::string indent(kMarkColumns, ' ');
    if (!seen.why.empty()) text += indent + Printable(seen.why) + "\n";
    if (!seen.cure.empty()) text += indent + "-> " + Printable(seen.cure) + "\n";
  }
  return text;
}

}  // namespace ringmq::report
