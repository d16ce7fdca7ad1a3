// SPDX-License-Identifier: Apache-2.0
//
// One acknowledgement onto the link, in both flows' words.
#pragma once

#include "codec/encode.h"
#include "codec/frame_writer.h"
#include "session/link.h"

namespace ringmq::session {

inline void WriteAck(PacketType type, codec::PacketId id, ReasonCode reason, Link& link) {
  codec::TypedAck packet;
  packet.type = type;
  packet.ack.packet_id = id;
  packet.ack.reason = reason;
  // Four to six bytes: a peer that cannot take even that learns nothing, and resends.
  (void)codec::WritePacket(packet, link.version, link.maximum_packet_size, *link.sink);
}

}  // namespace ringmq::session
