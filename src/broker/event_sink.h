// Where a shard tells what happens to clients, for whoever embeds the broker.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/statistics.h"
#include "ringmq/broker_event.h"
#include "ringmq/protocol.h"

namespace ringmq::broker {

// Called on every shard's thread, within a turn: must not wait for anything. Views live during the
// call.
class EventSink {
 public:
  virtual ~EventSink() = default;

  struct Arrival {
    std::string_view client_id;
    std::string_view username;
    std::string_view peer;
    ProtocolVersion version = ProtocolVersion::kV5;
    bool session_present = false;
  };
  virtual void OnConnected(const Arrival& arrival) = 0;
  virtual void OnDisconnected(std::string_view client_id, DisconnectedBy by, ReasonCode reason) = 0;
  virtual void OnSubscribed(std::string_view client_id, std::string_view filter, Qos qos) = 0;
  virtual void OnUnsubscribed(std::string_view client_id, std::string_view filter) = 0;
  // `client_id` may be empty: nobody in particular.
  virtual void OnDropped(std::string_view client_id, std::string_view topic, DropReason reason) = 0;
};

}  // namespace ringmq::broker
