// What an embedded broker tells its owner about the clients it serves.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "ringmq/protocol.h"

namespace ringmq {

struct ClientConnected {
  std::string client_id;
  std::string username;  // Verified; empty: anonymous.
  std::string peer;      // "127.0.0.1:5000", "[::1]:5000"; empty: a Link.
  ProtocolVersion version = ProtocolVersion::kV5;
  bool session_present = false;
};

enum class DisconnectedBy : uint8_t {
  kClient,   // DISCONNECT.
  kServer,   // We ended it; the reason is what a 5.0 client was told.
  kNetwork,  // End of stream or an error, without a DISCONNECT.
};

// Follows each ClientConnected, exactly once.
struct ClientDisconnected {
  std::string client_id;
  DisconnectedBy by = DisconnectedBy::kNetwork;
  ReasonCode reason = ReasonCode::kUnspecifiedError;  // kUnspecifiedError for kNetwork.
};

struct ClientSubscribed {
  std::string client_id;
  std::string filter;  // With "$share/name/", if it is shared.
  Qos qos = Qos::kAtMostOnce;
};

struct ClientUnsubscribed {
  std::string client_id;
  std::string filter;
};

enum class DropCause : uint8_t {
  kOutputFull,      // QoS 0, and the receiver reads too slowly.
  kQueueFull,       // QoS 1 or 2.
  kOldestReplaced,  // An older message was dropped for this one; the topic is this one's.
  kTooLarge,        // For the receiver's Maximum Packet Size.
  kExpired,
  kOffline,        // QoS 0, and the receiver is not connected.
  kNotAuthorized,  // The receiver may not read it, or the publisher may not publish it.
  kNoMember,       // Of a shared group; no client.
  kRetainedFull,   // Not retained, but delivered; no client.
};

// A message that did not get to a receiver. What is found out only when a queued message would be
// sent (expired, too large) is counted and has no event.
struct MessageDropped {
  std::string client_id;  // The receiver; for a refused publish the publisher.
  std::string topic;
  DropCause why = DropCause::kQueueFull;
};

// Of one client in the order in which things happened; of several in no particular order.
using BrokerEvent = std::variant<ClientConnected, ClientDisconnected, ClientSubscribed,
                                 ClientUnsubscribed, MessageDropped>;

}  // namespace ringmq
