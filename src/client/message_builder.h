// How the library makes a Message and looks at its acknowledgement; nobody else can.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ringmq/message.h"

namespace ringmq::client {

struct MessageParts {
  std::string_view topic;
  std::string_view payload;
  std::string_view property_bytes;     // Validated.
  const SharedBytes* block = nullptr;  // What the payload lies in; null: not to be shared.
  AckSink* ack_sink = nullptr;         // Null: nothing to acknowledge by hand.
  uint64_t ack_ticket = 0;
  uint16_t packet_id = 0;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool dup = false;
};

class MessageBuilder {
 public:
  // Views and pointers of `parts` outlive every use of the message.
  [[nodiscard]] static Message Make(const MessageParts& parts) {
    Message message;
    message.topic_ = parts.topic;
    message.payload_ = parts.payload;
    message.property_bytes_ = parts.property_bytes;
    message.block_ = parts.block;
    message.claim_.sink = parts.ack_sink;
    message.claim_.ticket = parts.ack_ticket;
    message.packet_id_ = parts.packet_id;
    message.qos_ = parts.qos;
    message.retain_ = parts.retain;
    message.dup_ = parts.dup;
    return message;
  }
  // Whether TakeAck() would still give one.
  [[nodiscard]] static bool HasAck(const Message& message) {
    return message.claim_.sink != nullptr;
  }
};

}  // namespace ringmq::client
