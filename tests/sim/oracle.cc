// SPDX-License-Identifier: Apache-2.0
#include "sim/oracle.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"

namespace ringmq::sim {
namespace {

constexpr std::string_view kShare = "$share/";
constexpr std::string_view kWillOf = "will:";

std::string_view TopicPart(std::string_view filter) {
  if (!IsShared(filter)) return filter;
  filter.remove_prefix(kShare.size());
  return filter.substr(filter.find('/') + 1);
}

std::string_view TakeLevel(std::string_view& rest, bool& more) {
  const size_t slash = rest.find('/');
  more = slash != std::string_view::npos;
  const std::string_view level = rest.substr(0, slash);
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return level;
}

// Of a will, the client that left it. [MQTT-3.8.3-3]
std::string_view OwnerOf(std::string_view publisher) {
  if (publisher.starts_with(kWillOf)) publisher.remove_prefix(kWillOf.size());
  return publisher;
}

}  // namespace

bool IsShared(std::string_view filter) { return filter.starts_with(kShare); }

bool Matches(std::string_view filter, std::string_view topic) {
  filter = TopicPart(filter);
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter && more_topic) {
    const std::string_view wanted = TakeLevel(filter, more_filter);
    if (wanted == "#") return true;
    const std::string_view level = TakeLevel(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  return more_filter ? filter == "#" : !more_topic;  // "a/#" asks for "a" too.
}

MessageNumber Oracle::NewMessage(std::string publisher, std::string topic, Qos qos, bool retain) {
  messages_.push_back(
      {.publisher = std::move(publisher), .topic = std::move(topic), .qos = qos, .retain = retain});
  const MessageNumber number = messages_.size() - 1;
  if (retain) retained_[messages_[number].topic].push_back(number);
  return number;
}

std::string Oracle::PayloadOf(MessageNumber number) const {
  const Message& message = messages_[number];
  // Of very different sizes, and every byte depends on the number.
  std::string payload = fmt::format("{} {} {}", number, message.publisher, message.topic);
  const size_t filler = number % 7 == 0 ? number % 997 : 0;
  payload.append(filler, static_cast<char>('a' + number % 26));
  return payload;
}

void Oracle::OnSent(MessageNumber number) {
  Message& message = messages_[number];
  const uint64_t step = world_.NextStep();
  if (message.transmissions++ == 0) message.sent_at = step;
}

void Oracle::OnAccepted(MessageNumber number) { messages_[number].accepted = true; }

void Oracle::OnCleared(const std::string& topic) { retained_[topic].push_back(UINT64_MAX); }

SessionNumber Oracle::NewSession(std::string client_id) {
  sessions_.push_back({.client_id = std::move(client_id)});
  return sessions_.size() - 1;
}

size_t Oracle::OnSubscribeSent(SessionNumber session, const std::string& filter, Qos qos,
                               bool no_local) {
  const uint64_t step = world_.NextStep();
  for (Interval& interval : sessions_[session].intervals) {
    // Replaced: it may still bring something, but owes nothing any more.
    if (interval.filter == filter) {
      interval.unsubscribe_at = std::min(interval.unsubscribe_at, step);
    }
  }
  sessions_[session].intervals.push_back({.filter = filter, .qos = qos, .no_local = no_local});
  return sessions_[session].intervals.size() - 1;
}

void Oracle::OnSuback(SessionNumber session, size_t subscription) {
  sessions_[session].intervals[subscription].suback_at = world_.NextStep();
}

size_t Oracle::OnUnsubscribeSent(SessionNumber session, const std::string& filter) {
  const uint64_t step = world_.NextStep();
  for (Interval& interval : sessions_[session].intervals) {
    if (interval.filter == filter) {
      interval.unsubscribe_at = std::min(interval.unsubscribe_at, step);
    }
  }
  return sessions_[session].intervals.size();
}

void Oracle::OnUnsuback(SessionNumber session, const std::string& filter, size_t asked_before) {
  const uint64_t step = world_.NextStep();
  std::vector<Interval>& intervals = sessions_[session].intervals;
  // Not those asked for behind the UNSUBSCRIBE, even if replaced since: the SUBSCRIBE that was to
  // replace them may be lost with its connection.
  for (size_t i = 0; i < asked_before; ++i) {
    if (intervals[i].filter == filter && intervals[i].unsubscribe_at != UINT64_MAX) {
      intervals[i].unsuback_at = std::min(intervals[i].unsuback_at, step);
    }
  }
}

void Oracle::OnDelivery(SessionNumber session_number, const Delivery& delivery) {
  ++deliveries_;
  if (delivery.payload.empty() && retained_.count(std::string(delivery.topic)) > 0) return;
  MessageNumber number = UINT64_MAX;
  (void)std::from_chars(delivery.payload.data(), delivery.payload.data() + delivery.payload.size(),
                        number);
  Session& session = sessions_[session_number];
  if (number >= messages_.size() || PayloadOf(number) != delivery.payload ||
      messages_[number].topic != delivery.topic || messages_[number].transmissions == 0) {
    world_.Fail(fmt::format("{} received on '{}' what nobody published: '{}'", session.client_id,
                            delivery.topic, delivery.payload));
  }
  Message& message = messages_[number];
  ++message.received;
  if (delivery.qos > message.qos) {
    world_.Fail(fmt::format("{} received message {} at a higher QoS than it was published",
                            session.client_id, number));
  }
  const bool countable = delivery.qos != Qos::kAtLeastOnce && message.qos != Qos::kAtLeastOnce;
  uint32_t& copies = session.copies[number];
  ++copies;
  CheckWanted(session, message, countable ? ++session.countable_copies[number] : 1, message.retain);
  if (copies == 1) CheckOrder(session, message, number, delivery.qos);
  if (!countable) return;
  const std::string* group = nullptr;
  for (const Interval& interval : session.intervals) {
    if (!Matches(interval.filter, message.topic)) continue;
    if (!IsShared(interval.filter) || (group != nullptr && *group != interval.filter)) return;
    group = &interval.filter;
  }
  if (group != nullptr && ++message.shared_copies[*group] > 1) {
    world_.Fail(fmt::format("message {} reached two members of {}", number, *group));
  }
}

void Oracle::CheckWanted(const Session& session, const Message& message, uint32_t copies,
                         bool replayed) {
  std::set<std::string_view> plain;
  std::set<std::string_view> shared;
  for (const Interval& interval : session.intervals) {
    if (!Matches(interval.filter, message.topic)) continue;
    if (interval.no_local && OwnerOf(message.publisher) == session.client_id && !replayed) continue;
    // A retained message may come whenever one subscribes, however long ago it was sent.
    const bool over = interval.unsuback_at < (replayed ? uint64_t{0} : message.sent_at);
    if (!over) (IsShared(interval.filter) ? shared : plain).insert(interval.filter);
  }
  if (plain.empty() && shared.empty()) {
    world_.Fail(fmt::format("{} received '{}' of {}, which it did not ask for", session.client_id,
                            message.topic, message.publisher));
  }
  const size_t most =
      (copy_per_subscription_ ? plain.size() : std::min<size_t>(plain.size(), 1)) + shared.size();
  if (copies > most && !message.retain) {
    world_.Fail(fmt::format("{} received a message of {} on '{}' {} times", session.client_id,
                            message.publisher, message.topic, copies));
  }
}

// [MQTT-4.6.0-5] [MQTT-4.6.0-6]
void Oracle::CheckOrder(Session& session, const Message& message, MessageNumber number, Qos qos) {
  // What was sent twice may reach a subscriber late, who missed the first. Retained messages come
  // out of turn when one subscribes, and shared ones when a member leaves.
  const bool resent = message.qos == Qos::kAtLeastOnce && message.transmissions > 1;
  const bool shared = std::ranges::any_of(session.intervals, [&message](const Interval& interval) {
    return IsShared(interval.filter) && Matches(interval.filter, message.topic);
  });
  if (resent || message.retain || shared || message.fate != WillFate::kNone) return;
  const auto key = std::tuple(message.publisher, message.topic, message.qos, qos);
  const auto [it, first] = session.last.emplace(key, number);
  if (first) return;
  if (it->second > number) {
    world_.Fail(fmt::format("{} received {} after {} of {} on '{}'", session.client_id, number,
                            it->second, message.publisher, message.topic));
  }
  it->second = number;
}

bool Oracle::IsOwed(const Session& session, const Message& message) const {
  if (session.over || message.qos == Qos::kAtMostOnce) return false;
  if (!message.accepted && message.fate != WillFate::kMust) return false;
  if (message.fate == WillFate::kMay || message.fate == WillFate::kMustNot) return false;
  return std::ranges::any_of(session.intervals, [&](const Interval& interval) {
    return !IsShared(interval.filter) && Matches(interval.filter, message.topic) &&
           interval.qos != Qos::kAtMostOnce && interval.suback_at < message.sent_at &&
           interval.unsubscribe_at == UINT64_MAX &&
           !(interval.no_local && OwnerOf(message.publisher) == session.client_id);
  });
}

std::string Oracle::MissingForSession(const Session& session) const {
  for (MessageNumber number = 0; number < messages_.size(); ++number) {
    if (IsOwed(session, messages_[number]) && session.copies.count(number) == 0) {
      return fmt::format("message {} ('{}', QoS {}) of {} never reached {}", number,
                         messages_[number].topic, static_cast<int>(messages_[number].qos),
                         messages_[number].publisher, session.client_id);
    }
  }
  return {};
}

// [MQTT-4.8.2-4] [MQTT-4.8.2-5]: QoS 1 messages to a group that always had a lasting member.
std::string Oracle::MissingForGroups() const {
  for (const Session& session : sessions_) {
    if (session.over) continue;
    for (const Interval& interval : session.intervals) {
      if (!IsShared(interval.filter) || interval.unsubscribe_at != UINT64_MAX) continue;
      for (MessageNumber number = 0; number < messages_.size(); ++number) {
        const Message& message = messages_[number];
        if (message.qos == Qos::kAtLeastOnce && message.accepted && message.received == 0 &&
            interval.suback_at < message.sent_at && Matches(interval.filter, message.topic)) {
          return fmt::format("message {} ('{}') of {} reached no member of {}", number,
                             message.topic, message.publisher, interval.filter);
        }
      }
    }
  }
  return {};
}

std::string Oracle::WhatIsMissing() const {
  for (MessageNumber number = 0; number < messages_.size(); ++number) {
    if (messages_[number].fate == WillFate::kMustNot && messages_[number].received > 0) {
      return fmt::format("will {} of {} was published though it was taken back", number,
                         messages_[number].publisher);
    }
  }
  if (may_drop_) return {};
  for (const Session& session : sessions_) {
    if (std::string missing = MissingForSession(session); !missing.empty()) return missing;
  }
  return MissingForGroups();
}

// [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-9]
void Oracle::CheckRetained(const std::map<std::string, std::vector<std::string>>& got) const {
  for (const auto& [topic, history] : retained_) {
    // From the last that was certainly accepted on, each may be the one.
    bool may_be_none = true;
    std::set<std::string> candidates;
    for (const MessageNumber number : history) {
      if (number == UINT64_MAX) {
        may_be_none = true;
        continue;
      }
      const Message& message = messages_[number];
      if (message.transmissions == 0) continue;
      if (message.accepted) {
        may_be_none = false;
        candidates.clear();
      }
      candidates.insert(PayloadOf(number));
    }
    const auto it = got.find(topic);
    const size_t count = it == got.end() ? 0 : it->second.size();
    if (count > 1 || (count == 0 && !may_be_none) ||
        (count == 1 && candidates.count(it->second[0]) == 0)) {
      world_.Fail(fmt::format("retained on '{}': got {} ({}), expected one of {}", topic, count,
                              count > 0 ? it->second[0].substr(0, 40) : "", candidates.size()));
    }
  }
  for (const auto& [topic, payloads] : got) {
    if (retained_.count(topic) == 0) world_.Fail("a retained message that nobody published");
  }
}

}  // namespace ringmq::sim
