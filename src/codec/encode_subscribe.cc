// Encodes SUBSCRIBE (5.0 s3.8) and UNSUBSCRIBE (5.0 s3.10): the client's side.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/emitter.h"
#include "codec/encode.h"
#include "codec/filter_list.h"

namespace ringmq::codec {
namespace {

template <typename Out>
void EmitSubscribeProperties(const Subscribe& packet, Out& out) {
  if (packet.subscription_id != 0) {
    out.Byte(static_cast<uint8_t>(PropertyId::kSubscriptionId));
    out.VarintValue(packet.subscription_id);
  }
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitSubscribe(const Subscribe& packet, ProtocolVersion version, Out& out) {
  RMQ_CHECK(packet.packet_id != 0);    // [MQTT-2.2.1-3]
  RMQ_CHECK(!packet.filters.empty());  // [MQTT-3.8.3-2]
  out.TwoByte(packet.packet_id);
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList([&](auto& list) { EmitSubscribeProperties(packet, list); }, out);
  }
  out.Raw(packet.filters);
}

template <typename Out>
void EmitUnsubscribe(const Unsubscribe& packet, ProtocolVersion version, Out& out) {
  RMQ_CHECK(packet.packet_id != 0);    // [MQTT-2.2.1-3]
  RMQ_CHECK(!packet.filters.empty());  // [MQTT-3.10.3-2]
  out.TwoByte(packet.packet_id);
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList([&](auto& list) { EmitUserProperties(packet.properties, list); }, out);
  }
  out.Raw(packet.filters);
}

}  // namespace

size_t EncodedSizeBytes(const Subscribe& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitSubscribe(packet, version, out); });
}

void Encode(const Subscribe& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kSubscribe, 0x02,  // [MQTT-3.8.1-1]
      [&](auto& body) { EmitSubscribe(packet, version, body); }, out);
}

size_t EncodedSizeBytes(const Unsubscribe& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitUnsubscribe(packet, version, out); });
}

void Encode(const Unsubscribe& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kUnsubscribe, 0x02,  // [MQTT-3.10.1-1]
      [&](auto& body) { EmitUnsubscribe(packet, version, body); }, out);
}

void AppendFilter(std::string_view filter, std::vector<uint8_t>& filters) {
  RMQ_CHECK(filter.size() <= kStringBytesMax);
  filters.push_back(static_cast<uint8_t>(filter.size() >> 8));
  filters.push_back(static_cast<uint8_t>(filter.size()));
  filters.insert(filters.end(), filter.begin(), filter.end());
}

void AppendSubscription(std::string_view filter, const SubscriptionOptions& options,
                        ProtocolVersion version, std::vector<uint8_t>& filters) {
  AppendFilter(filter, filters);
  filters.push_back(ByteOf(options, version));
}

}  // namespace ringmq::codec
