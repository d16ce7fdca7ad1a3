// SPDX-License-Identifier: Apache-2.0
#include "make_stateful_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "load/churn.h"
#include "make_plan.h"
#include "measure/quantity.h"

namespace ringmq::bench {
namespace {

// Requesters have a topic for their questions and one, below it, for the answers.
void AddRequestResponse(const Settings& settings, load::Plan& plan) {
  const bool is_group = settings.subscribers > 1;
  plan.publishers = settings.publishers;
  plan.asks = true;
  load::Role answers{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  answers.filter = (is_group ? "$share/" + settings.group + "/" : "") + TopicOf(settings, "+");
  answers.duty = load::Duty::kAnswer;
  AddRole(std::move(answers), settings.subscribers, plan);
  load::Role asks{.client_id = IdOf(settings, plan.run, "p"), .topic = "", .filter = ""};
  asks.topic = TopicOf(settings, "{i}");
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
  AddTraffic(settings, plan);
  load::Role client{.client_id = IdOf(settings, plan.run, "c"), .topic = "", .filter = ""};
  client.filter = settings.filter;
  client.duty = load::Duty::kChurn;
  AddRole(client, settings.connections, plan);
  // Whoever comes before another one's connection has ended.
  client.client_id += "b";
  client.is_late = true;
  AddRole(client, load::SparePlaces(*rate, settings.threads), plan);
  return absl::OkStatus();
}

absl::Status AddClients(const Settings& settings, load::Plan& plan) {
  load::Role client{.client_id = IdOf(settings, plan.run, "c"), .topic = "", .filter = ""};
  client.filter = settings.filter;
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
  } else if (command == "conn" || command == "idle") {
    status = AddClients(settings, plan);
  } else {
    return false;
  }
  if (!status.ok()) return status;
  return true;
}

std::string IdOf(const Settings& settings, uint32_t run, const char* role) {
  return absl::StrReplaceAll(settings.client_id, {{"{run}", absl::StrCat(run)}, {"{role}", role}});
}

std::string TopicOf(const Settings& settings, const std::string& publisher) {
  return absl::StrReplaceAll(settings.topic, {{"{pub}", publisher}});
}

void AddRole(load::Role role, uint32_t count, load::Plan& plan) {
  role.count = count;
  if (count > 0) plan.roles.push_back(std::move(role));
}

}  // namespace ringmq::bench
