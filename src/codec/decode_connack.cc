// CONNACK (5.0 s3.2), for the client library and the tests.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode_properties.h"
#include "codec/reason_codes.h"

namespace ringmq::codec {
namespace {

Failure AssignText(const Property& property, Connack& connack) {
  if (property.id == PropertyId::kAssignedClientId) {
    connack.assigned_client_id = property.text;
  } else if (property.id == PropertyId::kResponseInformation) {
    connack.response_information = property.text;
  } else if (property.id == PropertyId::kServerReference) {
    connack.server_reference = property.text;
  } else if (property.id == PropertyId::kAuthenticationMethod) {
    connack.authentication_method = property.text;
  } else if (property.id == PropertyId::kAuthenticationData) {
    connack.authentication_data = AsBytes(property.text);
  } else if (property.id == PropertyId::kReasonString) {
    connack.reason_string = property.text;
  }
  return std::nullopt;
}

Failure Assign(const Property& property, Connack& connack) {
  const auto id = property.id;
  const auto number = property.number;
  if (id == PropertyId::kSessionExpiry) {
    connack.session_expiry_s = number;
  } else if (id == PropertyId::kReceiveMaximum) {
    connack.receive_maximum = static_cast<uint16_t>(number);
  } else if (id == PropertyId::kMaximumQos) {
    connack.maximum_qos = static_cast<Qos>(number);
  } else if (id == PropertyId::kRetainAvailable) {
    connack.retain_available = number != 0;
  } else if (id == PropertyId::kMaximumPacketSize) {
    connack.maximum_packet_size = number;
  } else if (id == PropertyId::kTopicAliasMaximum) {
    connack.topic_alias_maximum = static_cast<uint16_t>(number);
  } else if (id == PropertyId::kWildcardSubscriptionAvailable) {
    connack.wildcard_subscription_available = number != 0;
  } else if (id == PropertyId::kSubscriptionIdsAvailable) {
    connack.subscription_identifiers_available = number != 0;
  } else if (id == PropertyId::kSharedSubscriptionAvailable) {
    connack.shared_subscription_available = number != 0;
  } else if (id == PropertyId::kServerKeepAlive) {
    connack.server_keep_alive_s = static_cast<uint16_t>(number);
  } else {
    return AssignText(property, connack);
  }
  return std::nullopt;
}

}  // namespace

Decoded<Connack> DecodeConnack(Bytes body, ProtocolVersion version, const DecodeLimits& limits) {
  ByteReader reader(body);
  Connack connack;
  const uint8_t flags = reader.Byte();
  const uint8_t code = reader.Byte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (version != ProtocolVersion::kV31 && (flags & 0xfe) != 0) {
    return DecodeError::kMalformed;  // [MQTT-3.2.2-1]
  }
  connack.session_present = version != ProtocolVersion::kV31 && (flags & 0x01) != 0;
  if (version == ProtocolVersion::kV5) {
    connack.reason = static_cast<ReasonCode>(code);
    if (!IsConnackReason(code)) return DecodeError::kMalformed;  // [MQTT-3.2.2-8]
    const auto visit = [&](const Property& property) { return Assign(property, connack); };
    if (const Failure failure =
            ReadProperties(reader, PropertyContext::kConnack, limits, connack.properties, visit)) {
      return *failure;
    }
  } else {
    const auto reason = ReasonOfReturnCode(code);
    if (!reason) return DecodeError::kMalformed;
    connack.reason = *reason;
  }
  if (!reader.done()) return DecodeError::kMalformed;
  if (connack.session_present && connack.reason != ReasonCode::kSuccess) {
    return DecodeError::kProtocolError;  // [MQTT-3.2.2-6]
  }
  return connack;
}

}  // namespace ringmq::codec
