// SPDX-License-Identifier: Apache-2.0
#include "broker/acl.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "broker/filter_match.h"
#include "broker/limits.h"
#include "broker/text_file.h"

namespace ringmq::broker {
namespace {

bool IsSubstitutable(std::string_view name) {
  return !name.empty() && name.find_first_of("+#/") == std::string_view::npos;
}

bool Grants(AclAccess access, bool is_write) {
  switch (access) {
    case AclAccess::kDeny:
      return false;
    case AclAccess::kRead:
      return !is_write;
    case AclAccess::kWrite:
      return is_write;
    case AclAccess::kReadWrite:
      return true;
  }
  RMQ_CHECK(false);  // Add() takes enumerators only.
}

// A filter without "$share/group/". A malformed one, which the codec refuses, is left alone.
std::string_view WithoutShare(std::string_view filter) {
  constexpr std::string_view kShare = "$share/";
  if (!filter.starts_with(kShare)) return filter;
  const size_t end = filter.find('/', kShare.size());
  return end == std::string_view::npos ? filter : filter.substr(end + 1);
}

}  // namespace

bool AccessPolicy::MayPublish(const Identity& who, std::string_view topic) const {
  if (IsSysTopic(topic)) return false;
  return IsAllowed(who, topic, Right::kPublish);
}

bool AccessPolicy::MaySubscribe(const Identity& who, std::string_view filter) const {
  return IsAllowed(who, WithoutShare(filter), Right::kSubscribe);
}

bool AccessPolicy::MayReceive(const Identity& who, std::string_view topic) const {
  return IsAllowed(who, topic, Right::kReceive);
}

bool AccessPolicy::IsAllowed(const Identity& who, std::string_view topic, Right right) const {
  if (who.has_all_rights) return true;
  Need need = Need::kWriteTopic;
  if (right == Right::kSubscribe) need = Need::kReadFilter;
  if (right == Right::kReceive) need = Need::kReadTopic;
  if (!RulesAllow(who, topic, need)) return false;
  return hook_ == nullptr || hook_->Allows(who, right, topic);
}

bool AccessPolicy::RulesAllow(const Identity& who, std::string_view topic, Need need) const {
  if (allows_everything_) return true;
  const Rules* const own = RulesOf(who);
  const Verdict by_own = own == nullptr ? Verdict::kUndecided : Judge(*own, who, topic, need);
  if (by_own == Verdict::kDenied) return false;
  const Verdict by_pattern = Judge(pattern_rules_, who, topic, need);
  if (by_pattern == Verdict::kDenied) return false;
  return by_own == Verdict::kAllowed || by_pattern == Verdict::kAllowed;
}

const AccessPolicy::Rules* AccessPolicy::RulesOf(const Identity& who) const {
  if (who.anonymous) return &anonymous_rules_;
  const auto user = user_rules_.find(who.username);
  return user == user_rules_.end() ? nullptr : &user->second;
}

AccessPolicy::Verdict AccessPolicy::Judge(const Rules& rules, const Identity& who,
                                          std::string_view topic, Need need) {
  const bool has_client_id = IsSubstitutable(who.client_id);
  const bool has_username = !who.anonymous && IsSubstitutable(who.username);
  for (const Rule& rule : rules.rules) {
    const bool is_deny = rule.access == AclAccess::kDeny;
    if (!is_deny && !Grants(rule.access, need == Need::kWriteTopic)) continue;
    // A rule about user names says nothing about clients without one.
    if (rule.has_username && who.anonymous) continue;
    if ((rule.has_client_id && !has_client_id) || (rule.has_username && !has_username)) {
      if (is_deny) return Verdict::kDenied;  // Nobody escapes a denial by an odd name.
      continue;
    }
    const Substitution substitution = {
        .client_id = rule.has_client_id ? who.client_id : std::string_view(),
        .username = rule.has_username ? who.username : std::string_view()};
    const bool matches = need == Need::kReadFilter && !is_deny
                             ? FiltersOverlap(rule.filter, substitution, topic)
                             : FilterCovers(rule.filter, substitution, topic);
    if (matches) return is_deny ? Verdict::kDenied : Verdict::kAllowed;
  }
  return Verdict::kUndecided;
}

absl::Status AccessPolicy::Add(AclSubject subject, std::string_view username, AclAccess access,
                               std::string_view filter) {
  RMQ_CHECK(!allows_everything_);
  if (!IsValidRuleFilter(filter)) {
    return absl::InvalidArgumentError("expected a topic filter, found " + Quote(filter));
  }
  Rules* rules = nullptr;
  switch (subject) {
    case AclSubject::kAnonymous:
      rules = &anonymous_rules_;
      break;
    case AclSubject::kUser:
      rules = &user_rules_[std::string(username)];
      break;
    case AclSubject::kPattern:
      rules = &pattern_rules_;
      break;
  }
  if (rule_count_ >= kAclRulesMax || rules->rules.size() >= kAclRulesPerSubjectMax) {
    return absl::ResourceExhaustedError(
        fmt::format("expected at most {} rules and {} for one user, found more", kAclRulesMax,
                    kAclRulesPerSubjectMax));
  }
  Rule rule = {.filter = std::string(filter), .access = access};
  if (subject == AclSubject::kPattern) {
    rule.has_client_id = filter.find("%c") != std::string_view::npos;
    rule.has_username = filter.find("%u") != std::string_view::npos;
  }
  rules->rules.push_back(std::move(rule));
  if (access == AclAccess::kDeny) {
    std::swap(rules->rules.back(), rules->rules[rules->denial_count]);
    ++rules->denial_count;
  }
  ++rule_count_;
  return absl::OkStatus();
}

bool IsSysTopic(std::string_view topic) {
  constexpr std::string_view kSys = "$SYS";
  return topic.starts_with(kSys) && (topic.size() == kSys.size() || topic[kSys.size()] == '/');
}

}  // namespace ringmq::broker
