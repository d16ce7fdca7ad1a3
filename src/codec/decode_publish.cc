// PUBLISH (5.0 s3.3): the packet that a broker reads most, so what is common is nearly free.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode_properties.h"
#include "codec/topic.h"

namespace ringmq::codec {
namespace {

Failure Assign(const Property& property, Publish& publish) {
  const auto id = property.id;
  if (id == PropertyId::kPayloadFormat) {
    publish.payload_format = static_cast<uint8_t>(property.number);
  } else if (id == PropertyId::kMessageExpiry) {
    publish.message_expiry_s = property.number;
  } else if (id == PropertyId::kResponseTopic) {
    publish.has_response_topic = true;
    publish.response_topic = property.text;
  } else if (id == PropertyId::kTopicAlias) {
    publish.topic_alias = static_cast<uint16_t>(property.number);
  }
  publish.has_hop_properties |= !IsForwardable(id);
  return std::nullopt;
}

[[gnu::noinline]] Failure ReadPublishProperties(ByteReader& reader, const DecodeLimits& limits,
                                                Publish& publish) {
  const auto visit = [&](const Property& property) -> Failure {
    if (property.id == PropertyId::kSubscriptionId && limits.sender == Peer::kClient) {
      return DecodeError::kProtocolError;  // [MQTT-3.3.4-6]
    }
    return Assign(property, publish);
  };
  return ReadProperties(reader, PropertyContext::kPublish, limits, publish.properties, visit);
}

Failure CheckTopic(const Publish& publish, ProtocolVersion version) {
  if (!publish.topic.empty()) {
    if (IsValidTopicName(publish.topic)) return std::nullopt;
    return DecodeError::kTopicNameInvalid;  // [MQTT-3.3.2-2]
  }
  if (version != ProtocolVersion::kV5) return DecodeError::kTopicNameInvalid;  // [MQTT-4.7.3-1]
  // 5.0 s3.3.2.1: an empty name needs an alias.
  if (publish.topic_alias == 0) return DecodeError::kProtocolError;
  return std::nullopt;
}

}  // namespace

Decoded<Publish> DecodePublish(uint8_t flags, Bytes body, ProtocolVersion version,
                               const DecodeLimits& limits) {
  Decoded<Publish> result{Publish{}};
  Publish& publish = *result;
  const uint8_t qos = flags >> 1 & 0x03;
  publish.dup = (flags & 0x08) != 0;
  publish.retain = (flags & 0x01) != 0;
  publish.qos = static_cast<Qos>(qos);
  if (qos == 3) return DecodeError::kMalformed;  // [MQTT-3.3.1-4]
  if (qos == 0 && publish.dup && version != ProtocolVersion::kV31) {
    return DecodeError::kMalformed;  // [MQTT-3.3.1-2]
  }

  ByteReader reader(body);
  publish.topic = reader.Text();  // [MQTT-3.3.2-1]
  if (qos != 0) publish.packet_id = reader.TwoByte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (qos != 0 && publish.packet_id == 0) return DecodeError::kProtocolError;  // [MQTT-2.2.1-3]
  if (version == ProtocolVersion::kV5) {
    if (reader.left() > 0 && *reader.position() == 0) {
      reader.Byte();
    } else if (const Failure failure = ReadPublishProperties(reader, limits, publish)) {
      return *failure;
    }
  }
  publish.payload = reader.TakeRest();
  if (const Failure failure = CheckTopic(publish, version)) return *failure;
  if (limits.check_payload_format && publish.payload_format == 1 &&
      !IsValidUtf8Payload(AsText(publish.payload))) {
    return DecodeError::kPayloadFormatInvalid;
  }
  return result;
}

}  // namespace ringmq::codec
