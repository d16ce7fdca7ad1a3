// SPDX-License-Identifier: Apache-2.0
#include "codec/frame_writer.h"

#include <cstring>

namespace ringmq::codec {
namespace {

template <typename Packet>
bool WriteIfFits(const Packet& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  const size_t size_bytes = EncodedSizeBytes(packet, version);
  if (maximum_packet_size != 0 && size_bytes > maximum_packet_size) return false;
  Encode(packet, version, {sink.Append(size_bytes), size_bytes});
  return true;
}

// `head` is the part of `packet` that has the reason string and the user properties.
template <typename Packet, typename Head>
bool WriteShortened(Packet packet, Head& (*head)(Packet&), ProtocolVersion version,
                    uint32_t maximum_packet_size, FrameSink& sink) {
  if (WriteIfFits(packet, version, maximum_packet_size, sink)) return true;
  head(packet).reason_string = {};
  if (WriteIfFits(packet, version, maximum_packet_size, sink)) return true;
  head(packet).properties = {};
  return WriteIfFits(packet, version, maximum_packet_size, sink);
}

template <typename Packet>
Packet& Whole(Packet& packet) {
  return packet;
}

Ack& AckOf(TypedAck& packet) { return packet.ack; }

}  // namespace

bool WritePacket(const Connack& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &Whole<Connack>, version, maximum_packet_size, sink);
}

bool WritePacket(const TypedAck& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &AckOf, version, maximum_packet_size, sink);
}

bool WritePacket(const Suback& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &Whole<Suback>, version, maximum_packet_size, sink);
}

bool WritePacket(const Unsuback& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &Whole<Unsuback>, version, maximum_packet_size, sink);
}

bool WritePacket(const Disconnect& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &Whole<Disconnect>, version, maximum_packet_size, sink);
}

bool WritePacket(const Auth& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteShortened(packet, &Whole<Auth>, version, maximum_packet_size, sink);
}

bool WritePacket(const Connect& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteIfFits(packet, version, maximum_packet_size, sink);
}

bool WritePacket(const Publish& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteIfFits(packet, version, maximum_packet_size, sink);
}

bool WritePacket(const Subscribe& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteIfFits(packet, version, maximum_packet_size, sink);
}

bool WritePacket(const Unsubscribe& packet, ProtocolVersion version, uint32_t maximum_packet_size,
                 FrameSink& sink) {
  return WriteIfFits(packet, version, maximum_packet_size, sink);
}

void WritePingreq(FrameSink& sink) {
  std::memcpy(sink.Append(sizeof(kPingreqFrame)), kPingreqFrame, sizeof(kPingreqFrame));
}

void WritePingresp(FrameSink& sink) {  // [MQTT-3.12.4-1]
  std::memcpy(sink.Append(sizeof(kPingrespFrame)), kPingrespFrame, sizeof(kPingrespFrame));
}

}  // namespace ringmq::codec
