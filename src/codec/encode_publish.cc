// Encodes PUBLISH (5.0 s3.3) from its fields. A broker's fan-out goes through Publication instead.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/emitter.h"
#include "codec/encode.h"

namespace ringmq::codec {
namespace {

template <typename Out>
void EmitPublishProperties(const Publish& packet, Out& out) {
  if (packet.has_hop_properties) {
    EmitForwardable(packet.properties, out);
  } else {
    out.Raw(packet.properties.bytes);
  }
  if (packet.message_expiry_s) {
    EmitFourByte(PropertyId::kMessageExpiry, *packet.message_expiry_s, out);
  }
  for (const uint32_t id : packet.subscription_ids) {
    out.Byte(static_cast<uint8_t>(PropertyId::kSubscriptionId));
    out.VarintValue(id);
  }
  if (packet.topic_alias != 0) EmitTwoByte(PropertyId::kTopicAlias, packet.topic_alias, out);
}

template <typename Out>
void EmitPublish(const Publish& packet, ProtocolVersion version, Out& out) {
  // [MQTT-2.2.1-2]
  RMQ_CHECK((packet.packet_id != 0) == (packet.qos != Qos::kAtMostOnce));
  EmitText(packet.topic, out);
  if (packet.packet_id != 0) out.TwoByte(packet.packet_id);
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList([&](auto& list) { EmitPublishProperties(packet, list); }, out);
  }
  out.Raw(packet.payload);
}

}  // namespace

size_t EncodedSizeBytes(const Publish& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitPublish(packet, version, out); });
}

void Encode(const Publish& packet, ProtocolVersion version, std::span<uint8_t> out) {
  const auto flags = static_cast<uint8_t>(
      (packet.dup ? 0x08 : 0) | static_cast<uint8_t>(packet.qos) << 1 | (packet.retain ? 0x01 : 0));
  EmitPacket(
      PacketType::kPublish, flags, [&](auto& body) { EmitPublish(packet, version, body); }, out);
}

}  // namespace ringmq::codec
