// Encodes CONNECT (5.0 s3.1) and CONNACK (5.0 s3.2).
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/emitter.h"
#include "codec/encode.h"
#include "codec/reason_codes.h"

namespace ringmq::codec {
namespace {

uint8_t ConnectFlagsOf(const Connect& packet) {
  uint8_t flags = packet.clean_start ? 0x02 : 0;
  if (packet.has_will) {
    flags = static_cast<uint8_t>(flags | 0x04 | static_cast<uint8_t>(packet.will.qos) << 3 |
                                 (packet.will.retain ? 0x20 : 0));
  }
  if (packet.has_password) flags |= 0x40;
  if (packet.has_username) flags |= 0x80;
  return flags;
}

template <typename Out>
void EmitConnectProperties(const Connect& packet, Out& out) {
  if (packet.session_expiry_s != 0) {
    EmitFourByte(PropertyId::kSessionExpiry, packet.session_expiry_s, out);
  }
  if (packet.receive_maximum != 65535) {
    EmitTwoByte(PropertyId::kReceiveMaximum, packet.receive_maximum, out);
  }
  if (packet.maximum_packet_size != 0) {
    EmitFourByte(PropertyId::kMaximumPacketSize, packet.maximum_packet_size, out);
  }
  if (packet.topic_alias_maximum != 0) {
    EmitTwoByte(PropertyId::kTopicAliasMaximum, packet.topic_alias_maximum, out);
  }
  if (packet.request_response_information) {
    EmitByte(PropertyId::kRequestResponseInformation, 1, out);
  }
  if (!packet.request_problem_information) {
    EmitByte(PropertyId::kRequestProblemInformation, 0, out);
  }
  if (packet.has_authentication_method) {
    EmitSized(PropertyId::kAuthenticationMethod, AsBytes(packet.authentication_method), out);
    if (!packet.authentication_data.empty()) {
      EmitSized(PropertyId::kAuthenticationData, packet.authentication_data, out);
    }
  }
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitWill(const Will& will, ProtocolVersion version, Out& out) {
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList(
        [&](auto& list) {
          if (will.delay_s != 0) EmitFourByte(PropertyId::kWillDelay, will.delay_s, list);
          if (will.message_expiry_s) {
            EmitFourByte(PropertyId::kMessageExpiry, *will.message_expiry_s, list);
          }
          EmitForwardable(will.properties, list);
        },
        out);
  }
  EmitText(will.topic, out);
  out.Sized(will.payload);
}

template <typename Out>
void EmitConnect(const Connect& packet, ProtocolVersion version, Out& out) {
  EmitText(version == ProtocolVersion::kV31 ? "MQIsdp" : "MQTT", out);
  out.Byte(static_cast<uint8_t>(version));
  out.Byte(ConnectFlagsOf(packet));
  out.TwoByte(packet.keep_alive_s);
  if (version == ProtocolVersion::kV5) {
    EmitPropertyList([&](auto& list) { EmitConnectProperties(packet, list); }, out);
  }
  EmitText(packet.client_id, out);
  if (packet.has_will) EmitWill(packet.will, version, out);
  if (packet.has_username) EmitText(packet.username, out);
  if (packet.has_password) out.Sized(packet.password);
}

template <typename Out>
void EmitConnackLimits(const Connack& packet, Out& out) {
  if (packet.session_expiry_s) {
    EmitFourByte(PropertyId::kSessionExpiry, *packet.session_expiry_s, out);
  }
  if (packet.receive_maximum != 65535) {
    EmitTwoByte(PropertyId::kReceiveMaximum, packet.receive_maximum, out);
  }
  if (packet.maximum_qos != Qos::kExactlyOnce) {  // [MQTT-3.2.2-9]
    EmitByte(PropertyId::kMaximumQos, static_cast<uint8_t>(packet.maximum_qos), out);
  }
  if (!packet.retain_available) EmitByte(PropertyId::kRetainAvailable, 0, out);
  if (packet.maximum_packet_size != 0) {
    EmitFourByte(PropertyId::kMaximumPacketSize, packet.maximum_packet_size, out);
  }
  if (packet.topic_alias_maximum != 0) {
    EmitTwoByte(PropertyId::kTopicAliasMaximum, packet.topic_alias_maximum, out);
  }
  if (!packet.wildcard_subscription_available) {
    EmitByte(PropertyId::kWildcardSubscriptionAvailable, 0, out);
  }
  if (!packet.subscription_identifiers_available) {
    EmitByte(PropertyId::kSubscriptionIdsAvailable, 0, out);
  }
  if (!packet.shared_subscription_available) {
    EmitByte(PropertyId::kSharedSubscriptionAvailable, 0, out);
  }
  if (packet.server_keep_alive_s) {
    EmitTwoByte(PropertyId::kServerKeepAlive, *packet.server_keep_alive_s, out);
  }
}

template <typename Out>
void EmitConnackProperties(const Connack& packet, Out& out) {
  EmitConnackLimits(packet, out);
  EmitTextIfAny(PropertyId::kAssignedClientId, packet.assigned_client_id, out);
  EmitTextIfAny(PropertyId::kResponseInformation, packet.response_information, out);
  EmitTextIfAny(PropertyId::kServerReference, packet.server_reference, out);
  EmitTextIfAny(PropertyId::kAuthenticationMethod, packet.authentication_method, out);
  EmitTextIfAny(PropertyId::kAuthenticationData, AsText(packet.authentication_data), out);
  EmitTextIfAny(PropertyId::kReasonString, packet.reason_string, out);
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitConnack(const Connack& packet, ProtocolVersion version, Out& out) {
  RMQ_CHECK(!packet.session_present || packet.reason == ReasonCode::kSuccess);  // [MQTT-3.2.2-6]
  // 3.1 has no session present flag.
  out.Byte(packet.session_present && version != ProtocolVersion::kV31 ? 1 : 0);
  if (version != ProtocolVersion::kV5) {
    out.Byte(ReturnCodeOf(packet.reason));
    return;
  }
  out.Byte(static_cast<uint8_t>(packet.reason));
  EmitPropertyList([&](auto& list) { EmitConnackProperties(packet, list); }, out);
}

}  // namespace

size_t EncodedSizeBytes(const Connect& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitConnect(packet, version, out); });
}

void Encode(const Connect& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kConnect, 0, [&](auto& body) { EmitConnect(packet, version, body); }, out);
}

size_t EncodedSizeBytes(const Connack& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitConnack(packet, version, out); });
}

void Encode(const Connack& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kConnack, 0, [&](auto& body) { EmitConnack(packet, version, body); }, out);
}

}  // namespace ringmq::codec
