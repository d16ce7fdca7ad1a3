// SPDX-License-Identifier: Apache-2.0
#include "make_stateful_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/time.h"
#include "load/churn.h"
#include "make_plan.h"
#include "measure/quantity.h"
#include "topics.h"

namespace ringmq::bench {
namespace {

constexpr Duration kDay{86'400 * kSecond.ns};

// Requesters have a topic for their questions and one, below it, for the answers.
void AddRequestResponse(const Settings& settings, load::Plan& plan) {
  const bool is_group = settings.subscribers > 1;
  plan.publishers = settings.publishers;
  plan.asks = true;
  load::Role answers{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  answers.filter =
      (is_group ? "$share/" + settings.group + "/" : "") + FilterOfAll(settings, plan.run);
  answers.duty = load::Duty::kAnswer;
  AddRole(std::move(answers), settings.subscribers, plan);
  load::Role asks{.client_id = IdOf(settings, plan.run, "p"), .topic = "", .filter = ""};
  asks.topic = TopicOf(settings, plan.run);
  asks.filter = asks.topic + load::kAnswerSuffix;
  asks.hears_count = 1;
  asks.hears_one = true;
  asks.is_unordered = is_group;
  AddRole(std::move(asks), settings.publishers, plan);
}

// "500/s", or "5%/s" of the clients.
absl::StatusOr<double> ChurnRate(const Settings& settings) {
  std::string text = settings.churn;
  double share = 1;
  if (const size_t percent = text.find('%'); percent != std::string::npos) {
    text.erase(percent, 1);
    share = settings.connections / 100.0;
  }
  const auto rate = measure::ParseRate(text);
  if (!rate.ok()) {
    return Bad("--churn", std::string(rate.status().message()), "--churn 500/s or --churn 5%/s");
  }
  return *rate * share;
}

// Clients that come and go, and the traffic beside them.
absl::Status AddChurn(const Settings& settings, load::Plan& plan) {
  const absl::StatusOr<double> rate = ChurnRate(settings);
  if (!rate.ok()) return rate.status();
  if (settings.connections == 0) return Bad("--clients", "nobody would come", "--clients 100");
  plan.churn = {.per_s = *rate, .is_abrupt = settings.abrupt};
  if (absl::Status status = AddTraffic(settings, plan); !status.ok()) return status;
  load::Role client{.client_id = IdOf(settings, plan.run, "c"), .topic = "", .filter = ""};
  client.filters = FiltersOf(settings, plan.run, "c");
  client.duty = load::Duty::kChurn;
  AddRole(client, settings.connections, plan);
  // Whoever comes before another one's connection has ended.
  client.client_id += "b";
  client.is_late = true;
  AddRole(client, load::SparePlaces(*rate, settings.threads), plan);
  return absl::OkStatus();
}

// The number of a message stands for the publisher's in its topic, which makes a topic of each.
absl::Status AddRetained(const Settings& settings, load::Plan& plan) {
  if (!settings.rate.empty()) {
    return Bad("--rate", "retained messages are stored as fast as --inflight allows",
               "--inflight 100");
  }
  if (settings.publishers == 0) return Bad("--pubs", "nobody would store them", "--pubs 1");
  if (settings.subscribers == 0) return Bad("--subs", "nobody would ask for them", "--subs 1");
  plan.script = load::Script::kRetain;
  plan.keeps = settings.keep;
  plan.publishers = settings.publishers;
  plan.deliveries_each = settings.subscribers;
  // Without an acknowledgement nobody would know when it is stored.
  plan.subscribe_qos = plan.qos;
  plan.qos = std::max(plan.qos, Qos::kAtLeastOnce);
  AddRole({.client_id = IdOf(settings, plan.run, "p"),
           .topic = TopicOf(settings, plan.run),
           .filter = ""},
          settings.publishers, plan);
  load::Role hears{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  hears.filter = FilterOfAll(settings, plan.run);
  hears.hears_count = settings.publishers;
  hears.duty = load::Duty::kKept;
  hears.is_late = true;
  AddRole(std::move(hears), settings.subscribers, plan);
  return absl::OkStatus();
}

absl::Status AddSessions(const Settings& settings, load::Plan& plan) {
  const absl::StatusOr<uint32_t> expiry = ExpiryOf(settings);
  if (!expiry.ok()) return expiry.status();
  if (plan.qos == Qos::kAtMostOnce) {
    return Bad("--qos", "no broker has to keep QoS 0 for who is absent", "--qos 1");
  }
  if (settings.publishers == 0) return Bad("--pubs", "nobody would publish", "--pubs 1");
  if (settings.subscribers == 0) return Bad("--subs", "nobody would return", "--subs 1");
  plan.script = load::Script::kSession;
  plan.keeps = settings.keep;
  plan.session_expiry_s = *expiry;
  if (absl::Status status = AddTraffic(settings, plan); !status.ok()) return status;
  for (load::Role& role : plan.roles) {
    if (role.hears()) role.duty = load::Duty::kKept;
  }
  return absl::OkStatus();
}

absl::Status AddClients(const Settings& settings, load::Plan& plan) {
  if (settings.storm && settings.is_ramp_given) {
    return Bad("--storm", "all at once leaves nothing for --ramp", "--storm without --ramp");
  }
  plan.is_about_connects = true;
  plan.is_ramp_asked_for = settings.is_ramp_given;
  if (settings.storm) plan.script = load::Script::kStorm;
  load::Role client{.client_id = IdOf(settings, plan.run, "c"), .topic = "", .filter = ""};
  client.filters = FiltersOf(settings, plan.run, "c");
  AddRole(std::move(client), settings.connections, plan);
  return absl::OkStatus();
}

// The number of a client stands for the publisher's in the topic of its will.
absl::Status AddWills(const Settings& settings, load::Plan& plan) {
  const absl::StatusOr<double> rate = ChurnRate(settings);
  if (!rate.ok()) return rate.status();
  const auto delay = measure::ParseDuration(settings.will_delay);
  if (!delay.ok() || *delay % kSecond.ns != 0 || *delay > kDay.ns) {
    return Bad("--will-delay", "whole seconds, at most a day", "--will-delay 2s");
  }
  if (*delay > 0 && plan.version != ProtocolVersion::kV5) {
    return Bad("--will-delay", "MQTT 5 only", "--version 5");
  }
  if (settings.connections == 0) return Bad("--clients", "nobody would be cut", "--clients 100");
  if (settings.subscribers == 0) return Bad("--subs", "nobody would hear of it", "--subs 1");
  plan.script = load::Script::kWill;
  plan.cuts_per_s = *rate;
  plan.will_delay_s = static_cast<uint32_t>(*delay / kSecond.ns);
  plan.publishers = settings.connections;
  plan.deliveries_each = settings.subscribers;
  load::Role hears{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  hears.filter = FilterOfAll(settings, plan.run);
  hears.hears_count = settings.connections;
  hears.duty = load::Duty::kKept;
  AddRole(std::move(hears), settings.subscribers, plan);
  load::Role client{.client_id = IdOf(settings, plan.run, "c"), .topic = "", .filter = ""};
  client.will_topic = TopicOf(settings, plan.run);
  client.duty = load::Duty::kWill;
  AddRole(std::move(client), settings.connections, plan);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> AddStatefulRoles(const Settings& settings, load::Plan& plan) {
  const std::string& command = settings.command;
  absl::Status status;
  if (command == "rr") {
    AddRequestResponse(settings, plan);
  } else if (command == "churn") {
    status = AddChurn(settings, plan);
  } else if (command == "retain") {
    status = AddRetained(settings, plan);
  } else if (command == "session") {
    status = AddSessions(settings, plan);
  } else if (command == "will") {
    status = AddWills(settings, plan);
  } else if (command == "conn" || command == "idle") {
    status = AddClients(settings, plan);
  } else {
    return false;
  }
  if (!status.ok()) return status;
  return true;
}

absl::StatusOr<uint32_t> ExpiryOf(const Settings& settings) {
  const auto expiry = measure::ParseDuration(settings.expiry);
  if (!expiry.ok() || *expiry < kSecond.ns) {
    return Bad("--expiry", "a time of at least a second", "--expiry 1h");
  }
  return static_cast<uint32_t>(std::min<int64_t>(*expiry / kSecond.ns, UINT32_MAX - 1));
}

std::string IdOf(const Settings& settings, uint32_t run, const char* role) {
  return absl::StrReplaceAll(settings.client_id, {{"{run}", absl::StrCat(run)}, {"{role}", role}});
}

void AddRole(load::Role role, uint32_t count, load::Plan& plan) {
  role.count = count;
  if (count > 0) plan.roles.push_back(std::move(role));
}

}  // namespace ringmq::bench
