// SPDX-License-Identifier: Apache-2.0
#include "session/inbound.h"

#include <algorithm>

#include "base/check.h"
#include "session/write_ack.h"

namespace ringmq::session {
Arrival Inbound::OnPublish(codec::PacketId id, Qos qos, uint16_t receive_maximum, Link& link) {
  RMQ_CHECK(qos != Qos::kAtMostOnce);
  const auto place = std::lower_bound(known_.begin(), known_.end(), id);
  if (qos == Qos::kExactlyOnce && place != known_.end() && *place == id) {
    WriteAck(PacketType::kPubrec, id, ReasonCode::kSuccess, link);  // [MQTT-4.3.3-10]
    return Arrival::kDuplicate;
  }
  // Before 5.0 nobody promised to stop: identifiers bound what can be in flight.
  if (link.version == ProtocolVersion::kV5 && known_.size() + unaccepted_ >= receive_maximum) {
    return Arrival::kReceiveMaximumExceeded;  // [MQTT-3.3.4-7]
  }
  if (qos == Qos::kExactlyOnce) {
    known_.insert(place, id);
  } else {
    ++unaccepted_;
  }
  return Arrival::kNew;
}

void Inbound::Accept(codec::PacketId id, Qos qos, ReasonCode reason, Link& link) {
  if (qos == Qos::kAtLeastOnce) {
    RMQ_CHECK(unaccepted_ > 0);
    --unaccepted_;
    WriteAck(PacketType::kPuback, id, reason, link);  // [MQTT-4.3.2-4]
    return;
  }
  WriteAck(PacketType::kPubrec, id, reason, link);  // [MQTT-4.3.3-8]
  // [MQTT-4.3.3-9]: a refused identifier may be used for a new message at once. Before 5.0 the
  // client cannot see the refusal and goes on with PUBREL.
  if (!IsFailure(reason) || link.version != ProtocolVersion::kV5) return;
  const auto place = std::lower_bound(known_.begin(), known_.end(), id);
  RMQ_CHECK(place != known_.end() && *place == id);
  known_.erase(place);
}

void Inbound::OnPubrel(codec::PacketId id, Link& link) {
  const auto place = std::lower_bound(known_.begin(), known_.end(), id);
  const bool known = place != known_.end() && *place == id;
  if (known) known_.erase(place);  // [MQTT-4.3.3-12]
  // [MQTT-4.3.3-11]
  WriteAck(PacketType::kPubcomp, id,
           known ? ReasonCode::kSuccess : ReasonCode::kPacketIdentifierNotFound, link);
}

void Inbound::Audit() const {
  RMQ_CHECK(std::is_sorted(known_.begin(), known_.end()));
  RMQ_CHECK(std::adjacent_find(known_.begin(), known_.end()) == known_.end());
}

}  // namespace ringmq::session
