// Puts packets into a sink, within what the receiver is ready to take.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "codec/encode.h"
#include "codec/frame_sink.h"

namespace ringmq::codec {

// Writes the packet, unless it exceeds `maximum_packet_size` (zero: no limit). The reason string
// and then the user properties are left out first if that helps.
// [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3]
// [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2]
// [MQTT-3.11.2-1] [MQTT-3.11.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.15.2-2] [MQTT-3.15.2-3]
// False: still too large, and nothing was written. [MQTT-3.1.2-24]
[[nodiscard]] bool WritePacket(const Connack& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const TypedAck& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Suback& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Unsuback& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Disconnect& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Auth& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
// The client's packets: nothing can be left out of them.
[[nodiscard]] bool WritePacket(const Connect& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Publish& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Subscribe& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);
[[nodiscard]] bool WritePacket(const Unsubscribe& packet, ProtocolVersion version,
                               uint32_t maximum_packet_size, FrameSink& sink);

void WritePingreq(FrameSink& sink);
void WritePingresp(FrameSink& sink);

}  // namespace ringmq::codec
