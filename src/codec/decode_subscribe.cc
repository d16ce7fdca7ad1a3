// SUBSCRIBE (5.0 s3.8) and UNSUBSCRIBE (5.0 s3.10).
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode_properties.h"
#include "codec/topic.h"

namespace ringmq::codec {
namespace {

Failure ReadPacketId(ByteReader& reader, PacketId& id) {
  id = reader.TwoByte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (id == 0) return DecodeError::kProtocolError;  // [MQTT-2.2.1-3]
  return std::nullopt;
}

Failure CheckOptions(uint8_t options, std::string_view filter, ProtocolVersion version) {
  const bool is_qos_3 = (options & 0x03) == 3;
  switch (version) {
    case ProtocolVersion::kV31:
      if (is_qos_3) return DecodeError::kMalformed;
      return std::nullopt;
    case ProtocolVersion::kV311:
      if (is_qos_3 || (options & 0xfc) != 0) return DecodeError::kMalformed;
      return std::nullopt;
    case ProtocolVersion::kV5:
      if ((options & 0xc0) != 0) return DecodeError::kMalformed;  // [MQTT-3.8.3-5]
      if (is_qos_3) return DecodeError::kProtocolError;           // 5.0 s3.8.3.1
      if ((options >> 4 & 0x03) == 3) return DecodeError::kProtocolError;
      if ((options & 0x04) != 0 && IsSharedFilter(filter)) {
        return DecodeError::kProtocolError;  // [MQTT-3.8.3-4]
      }
      return std::nullopt;
  }
  return DecodeError::kMalformed;
}

Failure ReadFilter(ByteReader& reader, std::string_view& filter) {
  filter = reader.Text();  // [MQTT-3.8.3-1] [MQTT-3.10.3-1]
  if (reader.failed()) return DecodeError::kMalformed;
  if (!IsValidSubscriptionFilter(filter)) return DecodeError::kTopicFilterInvalid;
  return std::nullopt;
}

}  // namespace

Decoded<Subscribe> DecodeSubscribe(Bytes body, ProtocolVersion version,
                                   const DecodeLimits& limits) {
  ByteReader reader(body);
  Subscribe subscribe;
  if (const Failure failure = ReadPacketId(reader, subscribe.packet_id)) return *failure;
  if (version == ProtocolVersion::kV5) {
    const auto visit = [&](const Property& property) -> Failure {
      if (property.id == PropertyId::kSubscriptionId) subscribe.subscription_id = property.number;
      return std::nullopt;
    };
    if (const Failure failure = ReadProperties(reader, PropertyContext::kSubscribe, limits,
                                               subscribe.properties, visit)) {
      return *failure;
    }
  }
  if (reader.left() == 0) return DecodeError::kProtocolError;  // [MQTT-3.8.3-2]
  subscribe.filters = Bytes(reader.position(), reader.left());
  while (reader.left() > 0) {  // Each round reads three bytes or fails.
    std::string_view filter;
    if (const Failure failure = ReadFilter(reader, filter)) return *failure;
    const uint8_t options = reader.Byte();
    if (reader.failed()) return DecodeError::kMalformed;
    if (const Failure failure = CheckOptions(options, filter, version)) return *failure;
    ++subscribe.filter_count;
  }
  return subscribe;
}

Decoded<Unsubscribe> DecodeUnsubscribe(Bytes body, ProtocolVersion version,
                                       const DecodeLimits& limits) {
  ByteReader reader(body);
  Unsubscribe unsubscribe;
  if (const Failure failure = ReadPacketId(reader, unsubscribe.packet_id)) return *failure;
  if (version == ProtocolVersion::kV5) {
    if (const Failure failure = ReadProperties(reader, PropertyContext::kUnsubscribe, limits,
                                               unsubscribe.properties, IgnoreProperty)) {
      return *failure;
    }
  }
  if (reader.left() == 0) return DecodeError::kProtocolError;  // [MQTT-3.10.3-2]
  unsubscribe.filters = Bytes(reader.position(), reader.left());
  while (reader.left() > 0) {  // Each round reads two bytes or fails.
    std::string_view filter;
    if (const Failure failure = ReadFilter(reader, filter)) return *failure;
    ++unsubscribe.filter_count;
  }
  return unsubscribe;
}

}  // namespace ringmq::codec
