// What MQTT promises, kept apart from how the broker does it.
//
// Clients tell the oracle what they send, what they were answered and what they receive. It knows
// nothing of the broker. A message is recognised by its number, which is its payload.
//
// What it proves of each delivery, at once:
//   - it was published, to that topic, with that payload, by somebody, at no lower QoS;
//   - a subscription of that session asks for it which was not over before it was sent;
//   - a message of QoS 0 or 2 comes once per subscription at most (replays of retained ones apart);
//   - order per publisher, topic and QoS.
// What it proves at the end, when everything is at rest:
//   - what was accepted at QoS 1 and 2 has reached each session that lasted and had its SUBACK
//     before it was sent; of a shared group, one member;
//   - wills: those due were published, those taken back were not;
//   - the last retained message of each topic is what a new subscriber gets.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ringmq/protocol.h"
#include "sim/world.h"

namespace ringmq::sim {

using MessageNumber = uint64_t;
using SessionNumber = size_t;  // One life of a session: until it is not present any more.

enum class WillFate : uint8_t { kNone, kMay, kMust, kMustNot };

struct Delivery {
  std::string_view topic;
  std::string_view payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
};

class Oracle {
 public:
  explicit Oracle(World& world) : world_(world) {}
  // Whether overlapping subscriptions of one session bring one copy each.
  void set_copy_per_subscription(bool yes) { copy_per_subscription_ = yes; }
  // Queues may overflow in this run: what is lost then is counted, not forbidden.
  void set_may_drop(bool yes) { may_drop_ = yes; }

  // --- Publishing.
  MessageNumber NewMessage(std::string publisher, std::string topic, Qos qos, bool retain);
  [[nodiscard]] std::string PayloadOf(MessageNumber number) const;
  void OnSent(MessageNumber number);      // Each time it leaves.
  void OnAccepted(MessageNumber number);  // PUBACK or PUBREC without a failure.
  void SetFate(MessageNumber number, WillFate fate) { messages_[number].fate = fate; }
  void OnCleared(const std::string& topic);  // An empty retained message is about to be sent.

  // --- Subscribing.
  SessionNumber NewSession(std::string client_id);
  // Returns the number of the subscription within the session.
  size_t OnSubscribeSent(SessionNumber session, const std::string& filter, Qos qos, bool no_local);
  void OnSuback(SessionNumber session, size_t subscription);
  // Returns how many subscriptions the session had asked for by then: those it may end.
  [[nodiscard]] size_t OnUnsubscribeSent(SessionNumber session, const std::string& filter);
  void OnUnsuback(SessionNumber session, const std::string& filter, size_t asked_before);
  // The session is gone, or the client no longer wants what it holds.
  void OnSessionOver(SessionNumber session) { sessions_[session].over = true; }
  void OnDelivery(SessionNumber session, const Delivery& delivery);

  // --- At rest.
  [[nodiscard]] std::string WhatIsMissing() const;  // Empty: nothing.
  // `got`: what a new subscriber to everything retained received, by topic.
  void CheckRetained(const std::map<std::string, std::vector<std::string>>& got) const;
  [[nodiscard]] uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] size_t messages() const { return messages_.size(); }

 private:
  struct Message {
    std::string publisher;
    std::string topic;
    Qos qos = Qos::kAtMostOnce;
    bool retain = false;
    uint32_t transmissions = 0;
    uint64_t sent_at = 0;  // First.
    bool accepted = false;
    WillFate fate = WillFate::kNone;
    uint32_t received = 0;                            // By anybody.
    std::map<std::string, uint32_t> shared_copies{};  // By group filter.
  };
  // One subscription from SUBSCRIBE to UNSUBACK.
  struct Interval {
    std::string filter;
    Qos qos = Qos::kAtMostOnce;
    bool no_local = false;
    uint64_t suback_at = UINT64_MAX;
    uint64_t unsubscribe_at = UINT64_MAX;
    uint64_t unsuback_at = UINT64_MAX;
  };
  struct Session {
    std::string client_id;
    bool over = false;
    std::vector<Interval> intervals{};
    std::map<MessageNumber, uint32_t> copies{};
    std::map<MessageNumber, uint32_t> countable_copies{};  // Not as QoS 1, which may be doubled.
    std::map<std::tuple<std::string, std::string, Qos, Qos>, MessageNumber> last{};
  };

  void CheckWanted(const Session& session, const Message& message, uint32_t copies, bool replayed);
  void CheckOrder(Session& session, const Message& message, MessageNumber number, Qos qos);
  [[nodiscard]] bool IsOwed(const Session& session, const Message& message) const;
  [[nodiscard]] std::string MissingForSession(const Session& session) const;
  [[nodiscard]] std::string MissingForGroups() const;

  World& world_;
  bool copy_per_subscription_ = false;
  bool may_drop_ = false;
  uint64_t deliveries_ = 0;
  std::vector<Message> messages_;
  std::vector<Session> sessions_;
  // By topic: retained messages in the order of their first sending; UINT64_MAX clears.
  std::map<std::string, std::vector<MessageNumber>> retained_;
};

// A naive matcher of our own. `filter` may be "$share/name/filter".
[[nodiscard]] bool Matches(std::string_view filter, std::string_view topic);
[[nodiscard]] bool IsShared(std::string_view filter);

}  // namespace ringmq::sim
