// Encodes PUBACK, PUBREC, PUBREL, PUBCOMP (5.0 s3.4 to s3.7), SUBACK (s3.9), UNSUBACK (s3.11).
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/emitter.h"
#include "codec/encode.h"

namespace ringmq::codec {
namespace {

template <typename Packet, typename Out>
void EmitReasonProperties(const Packet& packet, Out& out) {
  EmitTextIfAny(PropertyId::kReasonString, packet.reason_string, out);
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitAck(const Ack& ack, ProtocolVersion version, Out& out) {
  RMQ_CHECK(ack.packet_id != 0);
  out.TwoByte(ack.packet_id);  // [MQTT-2.2.1-5]
  if (version != ProtocolVersion::kV5) return;
  SizeEmitter properties;
  EmitReasonProperties(ack, properties);
  // The short forms: success without properties needs neither, failure needs its code.
  if (properties.size_bytes() == 0 && ack.reason == ReasonCode::kSuccess) return;
  out.Byte(static_cast<uint8_t>(ack.reason));
  if (properties.size_bytes() == 0) return;
  EmitPropertyList([&](auto& list) { EmitReasonProperties(ack, list); }, out);
}

// [MQTT-3.6.1-1]
constexpr uint8_t FlagsOf(PacketType type) { return type == PacketType::kPubrel ? 0x02 : 0; }

template <typename Out>
void EmitSubscribeAck(const SubscribeAck& ack, ProtocolVersion version, Out& out) {
  RMQ_CHECK(ack.packet_id != 0);
  out.TwoByte(ack.packet_id);  // [MQTT-2.2.1-6] [MQTT-3.8.4-2] [MQTT-3.10.4-5]
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList([&](auto& list) { EmitReasonProperties(ack, list); }, out);
  }
}

template <typename Out>
void EmitSuback(const Suback& ack, ProtocolVersion version, Out& out) {
  EmitSubscribeAck(ack, version, out);
  // In the order of the filters. [MQTT-3.9.3-1]
  for (const ReasonCode reason : ack.reasons) {
    const bool writes_generic = version != ProtocolVersion::kV5 && IsFailure(reason);
    out.Byte(writes_generic ? 0x80 : static_cast<uint8_t>(reason));
  }
}

template <typename Out>
void EmitUnsuback(const Unsuback& ack, ProtocolVersion version, Out& out) {
  EmitSubscribeAck(ack, version, out);
  if (version != ProtocolVersion::kV5) return;
  for (const ReasonCode reason : ack.reasons) {  // [MQTT-3.11.3-1]
    out.Byte(static_cast<uint8_t>(reason));
  }
}

}  // namespace

size_t EncodedSizeBytes(const TypedAck& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitAck(packet.ack, version, out); });
}

void Encode(const TypedAck& packet, ProtocolVersion version, std::span<uint8_t> out) {
  RMQ_CHECK(packet.type >= PacketType::kPuback);
  RMQ_CHECK(packet.type <= PacketType::kPubcomp);
  EmitPacket(
      packet.type, FlagsOf(packet.type), [&](auto& body) { EmitAck(packet.ack, version, body); },
      out);
}

size_t EncodedSizeBytes(const Suback& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitSuback(packet, version, out); });
}

void Encode(const Suback& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kSuback, 0, [&](auto& body) { EmitSuback(packet, version, body); }, out);
}

size_t EncodedSizeBytes(const Unsuback& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitUnsuback(packet, version, out); });
}

void Encode(const Unsuback& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kUnsuback, 0, [&](auto& body) { EmitUnsuback(packet, version, body); }, out);
}

}  // namespace ringmq::codec
