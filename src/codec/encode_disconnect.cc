// Encodes DISCONNECT (5.0 s3.14) and AUTH (5.0 s3.15).
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/emitter.h"
#include "codec/encode.h"

namespace ringmq::codec {
namespace {

template <typename Out>
void EmitDisconnectProperties(const Disconnect& packet, Out& out) {
  if (packet.session_expiry_s) {
    EmitFourByte(PropertyId::kSessionExpiry, *packet.session_expiry_s, out);
  }
  EmitTextIfAny(PropertyId::kReasonString, packet.reason_string, out);
  EmitTextIfAny(PropertyId::kServerReference, packet.server_reference, out);
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitDisconnect(const Disconnect& packet, ProtocolVersion version, Out& out) {
  if (version != ProtocolVersion::kV5) return;
  SizeEmitter properties;
  EmitDisconnectProperties(packet, properties);
  if (properties.size_bytes() == 0 && packet.reason == ReasonCode::kSuccess) return;
  out.Byte(static_cast<uint8_t>(packet.reason));
  if (properties.size_bytes() == 0) return;
  EmitPropertyList([&](auto& list) { EmitDisconnectProperties(packet, list); }, out);
}

template <typename Out>
void EmitAuthProperties(const Auth& packet, Out& out) {
  EmitSized(PropertyId::kAuthenticationMethod, AsBytes(packet.method), out);
  EmitTextIfAny(PropertyId::kAuthenticationData, AsText(packet.data), out);
  EmitTextIfAny(PropertyId::kReasonString, packet.reason_string, out);
  EmitUserProperties(packet.properties, out);
}

template <typename Out>
void EmitAuth(const Auth& packet, Out& out) {
  const bool is_bare = packet.reason == ReasonCode::kSuccess && packet.method.empty() &&
                       packet.data.empty() && packet.reason_string.empty() &&
                       packet.properties.bytes.empty();
  if (is_bare) return;
  out.Byte(static_cast<uint8_t>(packet.reason));
  EmitPropertyList([&](auto& list) { EmitAuthProperties(packet, list); }, out);
}

}  // namespace

size_t EncodedSizeBytes(const Disconnect& packet, ProtocolVersion version) {
  return PacketSizeBytes([&](auto& out) { EmitDisconnect(packet, version, out); });
}

void Encode(const Disconnect& packet, ProtocolVersion version, std::span<uint8_t> out) {
  EmitPacket(
      PacketType::kDisconnect, 0,  // [MQTT-3.14.1-1]
      [&](auto& body) { EmitDisconnect(packet, version, body); }, out);
}

size_t EncodedSizeBytes(const Auth& packet, ProtocolVersion version) {
  RMQ_CHECK(version == ProtocolVersion::kV5);
  return PacketSizeBytes([&](auto& out) { EmitAuth(packet, out); });
}

void Encode(const Auth& packet, ProtocolVersion version, std::span<uint8_t> out) {
  RMQ_CHECK(version == ProtocolVersion::kV5);
  EmitPacket(
      PacketType::kAuth, 0,  // [MQTT-3.15.1-1]
      [&](auto& body) { EmitAuth(packet, body); }, out);
}

}  // namespace ringmq::codec
