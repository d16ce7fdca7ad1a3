// SPDX-License-Identifier: Apache-2.0
#include "broker/farewell.h"

#include "codec/frame_writer.h"

namespace ringmq::broker {

void Disconnect(Wire& wire, Connection& connection, ReasonCode reason) {
  if (connection.state == ConnectionState::kClosing) return;
  connection.ended_by = DisconnectedBy::kServer;
  connection.end_reason = reason;
  if (connection.open() && connection.is_v5()) {
    // Too large for the peer's Maximum Packet Size: then it learns from the close. [MQTT-3.14.2-3]
    (void)codec::WritePacket(codec::Disconnect{.reason = reason}, connection.link.version,
                             connection.link.maximum_packet_size, connection);
  }
  wire.Close(connection, CloseMode::kFlush);
}

void RefuseConnect(Wire& wire, Connection& connection, ReasonCode reason) {
  if (connection.state == ConnectionState::kClosing) return;
  connection.ended_by = DisconnectedBy::kServer;
  connection.end_reason = reason;
  // A failing CONNACK never says "session present". [MQTT-3.2.2-6]
  (void)codec::WritePacket(codec::Connack{.session_present = false, .reason = reason},
                           connection.link.version, connection.link.maximum_packet_size,
                           connection);
  wire.Close(connection, CloseMode::kFlush);
}

}  // namespace ringmq::broker
