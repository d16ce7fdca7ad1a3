// DISCONNECT (5.0 s3.14) and AUTH (5.0 s3.15).
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode_properties.h"
#include "codec/reason_codes.h"

namespace ringmq::codec {

Decoded<Disconnect> DecodeDisconnect(Bytes body, ProtocolVersion version,
                                     const DecodeLimits& limits) {
  Disconnect disconnect;
  if (body.empty()) return disconnect;  // Normal, in every version.
  if (version != ProtocolVersion::kV5) return DecodeError::kMalformed;

  ByteReader reader(body);
  const uint8_t reason = reader.Byte();
  if (!kDisconnectReasons.Has(reason)) return DecodeError::kMalformed;  // [MQTT-3.14.2-1]
  disconnect.reason = static_cast<ReasonCode>(reason);
  if (reader.left() == 0) return disconnect;
  const auto visit = [&](const Property& property) -> Failure {
    if (property.id == PropertyId::kSessionExpiry) {
      // Only the client may change its mind. [MQTT-3.14.2-2]
      if (limits.sender == Peer::kServer) return DecodeError::kProtocolError;
      disconnect.session_expiry_s = property.number;
    } else if (property.id == PropertyId::kReasonString) {
      disconnect.reason_string = property.text;
    } else if (property.id == PropertyId::kServerReference) {
      disconnect.server_reference = property.text;
    }
    return std::nullopt;
  };
  if (const Failure failure = ReadProperties(reader, PropertyContext::kDisconnect, limits,
                                             disconnect.properties, visit)) {
    return *failure;
  }
  if (!reader.done()) return DecodeError::kMalformed;
  return disconnect;
}

Decoded<Auth> DecodeAuth(Bytes body, const DecodeLimits& limits) {
  Auth auth;
  if (body.empty()) return auth;  // 5.0 s3.15.2.1: success, and no properties.
  ByteReader reader(body);
  const uint8_t reason = reader.Byte();
  if (!kAuthReasons.Has(reason)) return DecodeError::kMalformed;  // [MQTT-3.15.2-1]
  auth.reason = static_cast<ReasonCode>(reason);
  bool has_method = false;
  const auto visit = [&](const Property& property) -> Failure {
    if (property.id == PropertyId::kAuthenticationMethod) {
      has_method = true;
      auth.method = property.text;
    } else if (property.id == PropertyId::kAuthenticationData) {
      auth.data = AsBytes(property.text);
    } else if (property.id == PropertyId::kReasonString) {
      auth.reason_string = property.text;
    }
    return std::nullopt;
  };
  if (const Failure failure =
          ReadProperties(reader, PropertyContext::kAuth, limits, auth.properties, visit)) {
    return *failure;
  }
  if (!reader.done()) return DecodeError::kMalformed;
  if (!has_method) return DecodeError::kProtocolError;  // 5.0 s3.15.2.2.2
  return auth;
}

}  // namespace ringmq::codec
