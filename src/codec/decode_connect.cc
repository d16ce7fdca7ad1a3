// CONNECT (5.0 s3.1; 3.1.1 s3.1; 3.1 "CONNECT").
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode_properties.h"
#include "codec/topic.h"

namespace ringmq::codec {
namespace {

// The Connect Flags byte, 5.0 s3.1.2.3.
struct ConnectFlags {
  uint8_t bits;

  [[nodiscard]] bool reserved() const { return (bits & 0x01) != 0; }
  [[nodiscard]] bool clean_start() const { return (bits & 0x02) != 0; }
  [[nodiscard]] bool will() const { return (bits & 0x04) != 0; }
  [[nodiscard]] uint8_t will_qos() const { return bits >> 3 & 0x03; }
  [[nodiscard]] bool will_retain() const { return (bits & 0x20) != 0; }
  [[nodiscard]] bool password() const { return (bits & 0x40) != 0; }
  [[nodiscard]] bool username() const { return (bits & 0x80) != 0; }
};

Failure ReadVersion(ByteReader& reader, ProtocolVersion& version) {
  const std::string_view name = AsText(reader.Binary());
  const uint8_t level = reader.Byte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (name == "MQTT") {  // [MQTT-3.1.2-1]
    if (level != 4 && level != 5) return DecodeError::kUnsupportedProtocolVersion;
  } else if (name == "MQIsdp") {
    if (level != 3) return DecodeError::kUnsupportedProtocolVersion;  // [MQTT-3.1.2-2]
  } else {
    return DecodeError::kNotMqtt;
  }
  version = static_cast<ProtocolVersion>(level);
  return std::nullopt;
}

Failure CheckFlags(ConnectFlags flags, ProtocolVersion version) {
  if (flags.reserved() && version != ProtocolVersion::kV31) {
    return DecodeError::kMalformed;  // [MQTT-3.1.2-3]
  }
  if (flags.will_qos() == 3) return DecodeError::kMalformed;  // [MQTT-3.1.2-12]
  if (!flags.will() && (flags.will_qos() != 0 || flags.will_retain())) {
    return DecodeError::kMalformed;  // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  }
  // A rule of 3.1 and 3.1.1 (s3.1.2.9 there) that 5.0 lifts.
  if (version != ProtocolVersion::kV5 && flags.password() && !flags.username()) {
    return DecodeError::kMalformed;
  }
  return std::nullopt;
}

Failure Assign(const Property& property, Connect& connect) {
  const auto id = property.id;
  if (id == PropertyId::kSessionExpiry) {
    connect.session_expiry_s = property.number;
  } else if (id == PropertyId::kReceiveMaximum) {
    connect.receive_maximum = static_cast<uint16_t>(property.number);
  } else if (id == PropertyId::kMaximumPacketSize) {
    connect.maximum_packet_size = property.number;
  } else if (id == PropertyId::kTopicAliasMaximum) {
    connect.topic_alias_maximum = static_cast<uint16_t>(property.number);
  } else if (id == PropertyId::kRequestResponseInformation) {
    connect.request_response_information = property.number != 0;
  } else if (id == PropertyId::kRequestProblemInformation) {
    connect.request_problem_information = property.number != 0;
  } else if (id == PropertyId::kAuthenticationMethod) {
    connect.has_authentication_method = true;
    connect.authentication_method = property.text;
  } else if (id == PropertyId::kAuthenticationData) {
    connect.authentication_data = AsBytes(property.text);
  }
  return std::nullopt;
}

Failure ReadConnectProperties(ByteReader& reader, const DecodeLimits& limits, Connect& connect) {
  bool has_data = false;
  const auto visit = [&](const Property& property) {
    has_data |= property.id == PropertyId::kAuthenticationData;
    return Assign(property, connect);
  };
  if (const Failure failure =
          ReadProperties(reader, PropertyContext::kConnect, limits, connect.properties, visit)) {
    return failure;
  }
  // 5.0 s3.1.2.11.10: data without a method is a Protocol Error.
  if (has_data && !connect.has_authentication_method) return DecodeError::kProtocolError;
  return std::nullopt;
}

Failure ReadClientId(ByteReader& reader, Connect& connect) {
  connect.client_id = reader.Text();  // [MQTT-3.1.3-3] [MQTT-3.1.3-4]
  if (reader.failed()) return DecodeError::kMalformed;
  if (!connect.client_id.empty()) return std::nullopt;  // [MQTT-3.1.3-5]
  switch (connect.version) {
    case ProtocolVersion::kV31:
      return DecodeError::kClientIdentifierNotValid;
    case ProtocolVersion::kV311:
      if (connect.clean_start) return std::nullopt;
      return DecodeError::kClientIdentifierNotValid;  // [MQTT-3.1.3-8]
    case ProtocolVersion::kV5:
      return std::nullopt;  // [MQTT-3.1.3-6]
  }
  return DecodeError::kMalformed;
}

Failure ReadWill(ByteReader& reader, ConnectFlags flags, const DecodeLimits& limits,
                 Connect& connect) {
  Will& will = connect.will;
  bool is_text = false;
  if (connect.version == ProtocolVersion::kV5) {
    const auto visit = [&](const Property& property) -> Failure {
      if (property.id == PropertyId::kWillDelay) will.delay_s = property.number;
      if (property.id == PropertyId::kMessageExpiry) will.message_expiry_s = property.number;
      if (property.id == PropertyId::kPayloadFormat) is_text = property.number == 1;
      return std::nullopt;
    };
    if (const Failure failure =
            ReadProperties(reader, PropertyContext::kWill, limits, will.properties, visit)) {
      return failure;
    }
  }
  will.topic = reader.Text();  // [MQTT-3.1.3-11]
  will.payload = reader.Binary();
  will.qos = static_cast<Qos>(flags.will_qos());
  will.retain = flags.will_retain();
  if (reader.failed()) return DecodeError::kMalformed;  // [MQTT-3.1.2-9]
  if (!IsValidTopicName(will.topic)) return DecodeError::kTopicNameInvalid;
  if (is_text && limits.check_payload_format && !IsValidUtf8Payload(AsText(will.payload))) {
    return DecodeError::kPayloadFormatInvalid;
  }
  return std::nullopt;
}

}  // namespace

Decoded<Connect> DecodeConnect(Bytes body, const DecodeLimits& limits) {
  ByteReader reader(body);
  Connect connect;
  if (const Failure failure = ReadVersion(reader, connect.version)) return *failure;
  const ConnectFlags flags{reader.Byte()};
  connect.keep_alive_s = reader.TwoByte();
  if (reader.failed()) return DecodeError::kMalformed;
  if (const Failure failure = CheckFlags(flags, connect.version)) return *failure;
  connect.clean_start = flags.clean_start();
  connect.has_will = flags.will();
  connect.has_username = flags.username();
  connect.has_password = flags.password();

  if (connect.version == ProtocolVersion::kV5) {
    if (const Failure failure = ReadConnectProperties(reader, limits, connect)) return *failure;
  }
  // The payload's fields and their order. [MQTT-3.1.3-1]
  if (const Failure failure = ReadClientId(reader, connect)) return *failure;
  if (connect.has_will) {
    if (const Failure failure = ReadWill(reader, flags, limits, connect)) return *failure;
  }
  if (connect.has_username) connect.username = reader.Text();    // [MQTT-3.1.2-17] [MQTT-3.1.3-12]
  if (connect.has_password) connect.password = reader.Binary();  // [MQTT-3.1.2-19]
  if (!reader.done()) return DecodeError::kMalformed;
  return connect;
}

std::optional<ProtocolVersion> PeekConnectVersion(Bytes body) {
  ByteReader reader(body);
  ProtocolVersion version{};
  if (ReadVersion(reader, version)) return std::nullopt;
  return version;
}

}  // namespace ringmq::codec
