// PUBACK, PUBREC, PUBREL, PUBCOMP (5.0 s3.4 to s3.7), SUBACK (s3.9) and UNSUBACK (s3.11).
//
// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "codec/decode_properties.h"
#include "codec/reason_codes.h"

namespace ringmq::codec {
namespace {

Failure ReadPacketId(ByteReader& reader, PacketId& id) {
  id = reader.TwoByte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (id == 0) return DecodeError::kProtocolError;  // [MQTT-2.2.1-3]
  return std::nullopt;
}

const ByteSet& ReasonsOf(PacketType type) {
  if (type == PacketType::kPuback || type == PacketType::kPubrec) return kPubackReasons;
  RMQ_CHECK(type == PacketType::kPubrel || type == PacketType::kPubcomp);
  return kPubrelReasons;
}

// What SUBACK and UNSUBACK share: the head, and a reason code for each filter.
Decoded<SubscribeAck> DecodeReasons(Bytes body, PropertyContext context, ProtocolVersion version,
                                    const ByteSet& allowed, const DecodeLimits& limits) {
  ByteReader reader(body);
  SubscribeAck ack;
  if (const Failure failure = ReadPacketId(reader, ack.packet_id)) return *failure;
  if (version == ProtocolVersion::kV5) {
    const auto visit = [&](const Property& property) -> Failure {
      if (property.id == PropertyId::kReasonString) ack.reason_string = property.text;
      return std::nullopt;
    };
    if (const Failure failure = ReadProperties(reader, context, limits, ack.properties, visit)) {
      return *failure;
    }
  }
  const Bytes reasons = reader.TakeRest();
  if (reasons.empty()) return DecodeError::kMalformed;  // [MQTT-3.8.4-6] [MQTT-3.11.3-1]
  for (const uint8_t reason : reasons) {
    if (!allowed.Has(reason)) return DecodeError::kMalformed;  // [MQTT-3.9.3-2] [MQTT-3.11.3-2]
  }
  // ReasonCode is a byte by definition, and any byte is one of its values.
  ack.reasons = {reinterpret_cast<const ReasonCode*>(reasons.data()), reasons.size()};
  return ack;
}

}  // namespace

Decoded<Ack> DecodeAck(PacketType type, Bytes body, ProtocolVersion version,
                       const DecodeLimits& limits) {
  const ByteSet& reasons = ReasonsOf(type);
  ByteReader reader(body);
  Ack ack;
  if (const Failure failure = ReadPacketId(reader, ack.packet_id)) return *failure;
  if (reader.left() == 0) return ack;  // Success, and no properties: in every version.
  if (version != ProtocolVersion::kV5) return DecodeError::kMalformed;

  const uint8_t reason = reader.Byte();
  // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
  if (!reasons.Has(reason)) return DecodeError::kMalformed;
  ack.reason = static_cast<ReasonCode>(reason);
  if (reader.left() == 0) return ack;
  const auto visit = [&](const Property& property) -> Failure {
    if (property.id == PropertyId::kReasonString) ack.reason_string = property.text;
    return std::nullopt;
  };
  if (const Failure failure =
          ReadProperties(reader, ContextOf(type), limits, ack.properties, visit)) {
    return *failure;
  }
  if (!reader.done()) return DecodeError::kMalformed;
  return ack;
}

Decoded<SubscribeAck> DecodeSuback(Bytes body, ProtocolVersion version,
                                   const DecodeLimits& limits) {
  const bool is_v5 = version == ProtocolVersion::kV5;
  return DecodeReasons(body, PropertyContext::kSuback, version,
                       is_v5 ? kSubackReasons : kSubackReturnCodes, limits);
}

Decoded<SubscribeAck> DecodeUnsuback(Bytes body, ProtocolVersion version,
                                     const DecodeLimits& limits) {
  if (version == ProtocolVersion::kV5) {
    return DecodeReasons(body, PropertyContext::kUnsuback, version, kUnsubackReasons, limits);
  }
  ByteReader reader(body);
  SubscribeAck ack;
  if (const Failure failure = ReadPacketId(reader, ack.packet_id)) return *failure;
  if (!reader.done()) return DecodeError::kMalformed;
  return ack;
}

}  // namespace ringmq::codec
