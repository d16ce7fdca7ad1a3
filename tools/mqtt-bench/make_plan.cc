// SPDX-License-Identifier: Apache-2.0
#include "make_plan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "cpu_list.h"
#include "make_stateful_plan.h"
#include "measure/quantity.h"
#include "payload.h"
#include "phases.h"
#include "reactor/clock.h"
#include "sources.h"
#include "target.h"
#include "topics.h"

namespace ringmq::bench {
namespace {

absl::StatusOr<double> Seconds(const std::string& flag, const std::string& text) {
  const auto ns = measure::ParseDuration(text);
  if (!ns.ok()) return Bad(flag, std::string(ns.status().message()), flag + " 10s");
  return static_cast<double>(*ns) * 1e-9;
}

absl::Status SetTimes(const Settings& settings, load::RunTimes& times) {
  const auto warmup = Seconds("--warmup", settings.warmup);
  if (!warmup.ok()) return warmup.status();
  const auto duration = Seconds("--duration", settings.duration);
  if (!duration.ok()) return duration.status();
  const auto drain = Seconds("--drain", settings.drain);
  if (!drain.ok()) return drain.status();
  times.warmup_s = *warmup;
  times.measure_s = *duration;
  times.drain_max_s = *drain;
  times.connect_max_s = 600;
  return absl::OkStatus();
}

absl::Status SetLoad(const Settings& settings, load::Plan& plan) {
  if (!settings.rate.empty()) {
    const auto rate = measure::ParseRate(settings.rate);
    if (!rate.ok()) return Bad("--rate", std::string(rate.status().message()), "--rate 20k");
    plan.rate_per_s = *rate;
  }
  if (!settings.messages.empty()) {
    const auto messages = measure::ParseCount(settings.messages);
    if (!messages.ok()) {
      return Bad("--messages", std::string(messages.status().message()), "--messages 10k");
    }
    plan.messages_max = static_cast<uint64_t>(*messages);
    if (plan.messages_max == 0) return Bad("--messages", "none would be sent", "--messages 10k");
  }
  const auto timeout = Seconds("--connect-timeout", settings.connect_timeout);
  if (!timeout.ok()) return timeout.status();
  if (*timeout <= 0) {
    return Bad("--connect-timeout", "nobody could connect", "--connect-timeout 30s");
  }
  plan.connect_timeout_s = *timeout;
  if (absl::Status status = SetPayload(settings, plan); !status.ok()) return status;
  if (settings.arrival == "poisson") {
    plan.arrival = measure::Arrival::kPoisson;
  } else if (settings.arrival.rfind("burst:", 0) == 0) {
    plan.arrival = measure::Arrival::kBurst;
    plan.burst = static_cast<uint32_t>(std::strtoul(settings.arrival.c_str() + 6, nullptr, 10));
    if (plan.burst == 0) return Bad("--arrival", "a burst has a size", "--arrival burst:100");
  } else if (settings.arrival != "constant") {
    return Bad("--arrival", "constant, poisson or burst:N", "--arrival burst:100");
  }
  return absl::OkStatus();
}

// Once it is known who connects.
absl::Status SetRamp(const Settings& settings, load::Plan& plan) {
  const auto ramp = measure::ParseRamp(settings.connect_rate);
  if (!ramp.ok()) return Bad("--ramp", std::string(ramp.status().message()), "--ramp 2k/s");
  const auto connections = static_cast<double>(plan.early_connections());
  plan.connects_per_s =
      ramp->per_s > 0 ? ramp->per_s
                      : std::max(connections, 1.0) * 1e9 / static_cast<double>(ramp->within_ns);
  return absl::OkStatus();
}

// A number that no other run has, also one that begins at the same time; of nine digits, so that
// client identifiers stay within the 23 bytes of MQTT 3.1.
uint32_t DrawRun() {
  constexpr uint64_t kRuns = 1'000'000'000;
  const auto now = static_cast<uint64_t>(reactor::MonotonicNow().ns);
  base::Random random(now ^ static_cast<uint64_t>(getpid()) << 40);
  return static_cast<uint32_t>(random.Below(kRuns));
}

absl::Status SetLagMax(const Settings& settings, load::Plan& plan) {
  if (settings.lag_max.empty()) return absl::OkStatus();
  const auto lag_max = measure::ParseDuration(settings.lag_max);
  if (!lag_max.ok()) {
    return Bad("--lag-max", std::string(lag_max.status().message()), "--lag-max 200us");
  }
  if (*lag_max == 0) return Bad("--lag-max", "no run is never late", "--lag-max 200us");
  plan.lag_allowed_ns = *lag_max;
  return absl::OkStatus();
}

absl::Status SetProperties(const Settings& settings, load::Plan& plan) {
  for (const std::string& text : settings.user_properties) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Bad("--user-property", "'" + text + "' is no name=value", "--user-property region=eu");
    }
    plan.user_properties.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (!plan.user_properties.empty() && settings.version != 5) {
    return Bad("--user-property", "only MQTT 5 has them", "--version 5 --user-property region=eu");
  }
  return absl::OkStatus();
}

absl::Status SetReconnect(const Settings& settings, load::Plan& plan) {
  plan.reconnects = settings.reconnect;
  if (!settings.reconnect || plan.script == load::Script::kTraffic) return absl::OkStatus();
  return Bad("--reconnect", "the steps of " + settings.command + " need every connection",
             "mqtt-bench pubsub --reconnect");
}

// Of runs that are load for a time; `session` has its own.
absl::Status SetSessions(const Settings& settings, load::Plan& plan) {
  const bool is_clean_wanted = settings.is_clean_given && settings.clean;
  if (is_clean_wanted && settings.is_expiry_given) {
    return Bad("--expiry", "a clean session has none", "--expiry 1h without --clean");
  }
  if (settings.command == "session") {
    if (!settings.is_clean_given) return absl::OkStatus();
    return Bad("--clean", "session is about those that are kept", "--expiry 1h");
  }
  plan.keeps_sessions = !settings.clean || settings.is_expiry_given;
  if (!plan.keeps_sessions) return absl::OkStatus();
  if (plan.script != load::Script::kTraffic) {
    return Bad(settings.is_expiry_given ? "--expiry" : "--no-clean",
               "nobody returns to a session in " + settings.command, "mqtt-bench session");
  }
  const absl::StatusOr<uint32_t> expiry = ExpiryOf(settings);
  if (!expiry.ok()) return expiry.status();
  plan.session_expiry_s = *expiry;
  plan.keeps = settings.keep;
  return absl::OkStatus();
}

// On loopback any address of 127.0.0.0/8 will do. With few of them the kernel searches long for a
// port that is free, and each has some 28,000.
void SpreadOverLoopback(load::Plan& plan) {
  constexpr uint64_t kConnectionsEach = 1000;
  const auto is_elsewhere = [](const load::Target& target) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(target.address);
    return in.sin_family == AF_INET && ntohl(in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
  };
  if (!plan.sources.empty() || std::ranges::any_of(plan.targets, is_elsewhere)) return;
  const auto count = static_cast<uint32_t>(plan.connections() / kConnectionsEach);
  for (uint32_t i = 0; i < count; ++i) plan.sources.push_back(htonl(INADDR_LOOPBACK + 1 + i));
}

absl::Status AddRoles(const Settings& settings, load::Plan& plan) {
  const absl::StatusOr<bool> is_stateful = AddStatefulRoles(settings, plan);
  if (!is_stateful.ok()) return is_stateful.status();
  if (!*is_stateful) {
    if (absl::Status status = AddTraffic(settings, plan); !status.ok()) return status;
  }
  if (plan.roles.empty()) return Bad("--pubs", "nobody would connect", "--pubs 1 --subs 1");
  return absl::OkStatus();
}

}  // namespace

absl::Status Bad(const std::string& flag, const std::string& why, const std::string& example) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why, "; for example ", example));
}

absl::StatusOr<Assignment> MakePlan(const Settings& settings) {
  Assignment assignment;
  load::Plan& plan = assignment.plan;
  if (absl::Status status = SetTargets(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetTimes(settings, assignment.times); !status.ok()) return status;
  if (absl::Status status = SetLoad(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetLagMax(settings, plan); !status.ok()) return status;
  if (absl::Status status = CheckTopics(settings); !status.ok()) return status;
  if (absl::Status status = CheckFilters(settings); !status.ok()) return status;
  if (!settings.phases.empty()) {
    plan.profile = ProfileOf(settings.phases, assignment.times.warmup_s);
    double end_s = 0;
    for (const PhaseSettings& phase : settings.phases) {
      plan.phase_ends_s.push_back(end_s += phase.duration_s);
    }
  }
  plan.version = static_cast<ProtocolVersion>(settings.version);
  plan.qos = static_cast<Qos>(settings.qos);
  plan.retain = settings.retain;
  if (absl::Status status = SetProperties(settings, plan); !status.ok()) return status;
  plan.aliases = settings.alias == "auto";
  if (plan.aliases && settings.version != 5) {
    return Bad("--alias", "only MQTT 5 has them", "--version 5 --alias auto");
  }
  auto cpus = ParseCpuList(settings.cpus);
  if (!cpus.ok()) return cpus.status();
  plan.cpus = *std::move(cpus);
  plan.username = settings.user;
  plan.password = settings.password;
  plan.in_flight = settings.in_flight;
  plan.threads = settings.threads * settings.processes;
  auto sources = ParseSources(settings.sources);
  if (!sources.ok()) return sources.status();
  plan.sources = *std::move(sources);
  plan.keep_alive_s = settings.keep_alive_s;
  plan.seed = settings.seed;
  plan.run = DrawRun();
  plan.io = settings.engine == "epoll"      ? reactor::IoBackend::kEpoll
            : settings.engine == "io_uring" ? reactor::IoBackend::kUring
                                            : reactor::IoBackend::kAuto;
  if (absl::Status status = AddRoles(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetRamp(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetReconnect(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetSessions(settings, plan); !status.ok()) return status;
  if (absl::Status status = SetStamps(settings, plan); !status.ok()) return status;
  // A ramp may be slow on purpose.
  assignment.times.connect_max_s +=
      static_cast<double>(plan.early_connections()) / plan.connects_per_s;
  SpreadOverLoopback(plan);
  return assignment;
}

absl::Status AddTraffic(const Settings& settings, load::Plan& plan) {
  const std::string& command = settings.command;
  const uint32_t publishers = command == "sub" ? 0 : command == "fanout" ? 1 : settings.publishers;
  uint32_t subscribers = settings.subscribers;
  if (command == "pub") subscribers = 0;
  if (command == "fanin") subscribers = 1;
  if (command == "pairs") subscribers = publishers;
  plan.publishers = publishers;
  plan.deliveries_each =
      command == "shared" ? std::min(subscribers, 1u) : (command == "pairs" ? 1 : subscribers);
  load::Role hears{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  // Order is promised within a topic. 5.0 s4.6
  hears.is_unordered = HasManyTopics(settings);
  const bool has_filters = !settings.filters.empty() && command != "churn";
  if (has_filters) {
    hears.filters = FiltersOf(settings, plan.run, "s");
    hears.count = subscribers;
    if (absl::Status status = SetWhoHears(settings, hears, plan); !status.ok()) return status;
  } else if (command == "pairs") {
    hears.filter = FilterOfOne(settings, plan.run);
    hears.hears_count = 1;
    hears.hears_one = true;
  } else {
    hears.is_shared = command == "shared";
    hears.filter =
        (hears.is_shared ? "$share/" + settings.group + "/" : "") + FilterOfAll(settings, plan.run);
    hears.hears_count = publishers;
  }
  AddRole(std::move(hears), subscribers, plan);
  AddRole({.client_id = IdOf(settings, plan.run, "p"),
           .topic = TopicOf(settings, plan.run),
           .filter = ""},
          publishers, plan);
  return absl::OkStatus();
}

}  // namespace ringmq::bench
