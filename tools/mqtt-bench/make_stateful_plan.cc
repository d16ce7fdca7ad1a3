// SPDX-License-Identifier: Apache-2.0
#include "make_stateful_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ringmq::bench {
namespace {

// Requesters have a topic for their questions and one, below it, for the answers.
void AddRequestResponse(const Settings& settings, load::Plan& plan) {
  const bool is_group = settings.subscribers > 1;
  plan.publishers = settings.publishers;
  plan.asks = true;
  load::Role answers{.client_id = IdOf(settings, plan.run, "s"), .topic = "", .filter = ""};
  answers.filter = (is_group ? "$share/bench/" : "") + TopicOf(settings, "+");
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

}  // namespace

bool AddStatefulRoles(const Settings& settings, load::Plan& plan) {
  if (settings.command == "rr") {
    AddRequestResponse(settings, plan);
    return true;
  }
  return false;
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
