// The words of routing: who subscribes, what for, and who gets a message.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/core_set.h"
#include "codec/packets.h"

namespace ringmq::routing {

using SubscriberId = uint64_t;  // Opaque and not zero.
using CoreId = uint16_t;
using GroupId = uint32_t;  // A shared group; zero: none.

enum class SharedStrategy : uint8_t {
  kRoundRobin,
  kRandom,
  kSticky,
  kHashClientId,
  kHashTopic,
  kLocalFirst,
};
enum class Overlap : uint8_t { kOncePerClient, kOncePerSubscription };

struct SubscriptionRequest {
  std::string_view share_name;  // Empty: not shared.
  std::string_view filter;      // Valid, without "$share/name/".
  codec::SubscriptionOptions options;
  uint32_t subscription_id = 0;
};

// What other cores have to be told. Views live until the next call on the router.
struct InterestChange {
  std::string_view share_name;
  std::string_view filter;
  // Plain: 1 or 0. Shared: members that are online, and the others behind them; see Weight.
  uint32_t member_count = 0;
};

// How InterestChange::member_count says both how many members of a shared group are available and
// whether there are others that could only queue a message.
struct Weight {
  uint32_t available = 0;
  bool has_offline = false;

  [[nodiscard]] uint32_t Pack() const { return available << 1 | (has_offline ? 1 : 0); }
  [[nodiscard]] static Weight Unpack(uint32_t packed) { return {packed >> 1, (packed & 1) != 0}; }
  bool operator==(const Weight&) const = default;
};

// One client's part in a route.
struct Receiver {
  SubscriberId subscriber = 0;
  Qos qos = Qos::kAtMostOnce;
  bool retain_as_published = false;
  // [MQTT-3.8.3-3]: at least one of the subscriptions behind this receiver has No Local. If the
  // message is the subscriber's own, it gets it only when `reaches_self`, with `qos_to_self`.
  bool no_local = false;
  bool reaches_self = true;
  Qos qos_to_self = Qos::kAtMostOnce;
  uint32_t ids_begin = 0;  // Into Route::subscription_ids.
  uint32_t ids_count = 0;
};

// Everybody who gets what is published to one topic.
struct Route {
  std::vector<Receiver> receivers;
  std::vector<uint32_t> subscription_ids;
  std::vector<GroupId> groups;
  base::CoreSet remote_cores;

  [[nodiscard]] std::span<const uint32_t> SubscriptionIds(const Receiver& receiver) const {
    return std::span(subscription_ids).subspan(receiver.ids_begin, receiver.ids_count);
  }
  [[nodiscard]] bool empty() const {
    return receivers.empty() && groups.empty() && !remote_cores.Any();
  }
  void Clear() {
    receivers.clear();
    subscription_ids.clear();
    groups.clear();
    remote_cores = {};
  }
};

}  // namespace ringmq::routing
