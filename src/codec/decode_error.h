// Why bytes of a peer are not a packet, and what to answer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ringmq/protocol.h"

namespace ringmq::codec {

enum class DecodeError : uint8_t {
  kMalformed,                   // Cannot be parsed (5.0 s4.13).
  kProtocolError,               // Parsed, and forbidden.
  kNotMqtt,                     // CONNECT with a foreign protocol name: best closed without a word.
  kUnsupportedProtocolVersion,  // A protocol name of ours with a level that is not.
  kClientIdentifierNotValid,    // Empty where the version or clean session forbids that.
  kTopicNameInvalid,            // A wildcard in a topic name, or an empty one before 5.0.
  kTopicFilterInvalid,          // Empty, a misplaced wildcard, or an ill-formed shared filter.
  kTopicAliasInvalid,           // Zero.
  kTooManyUserProperties,       // More than DecodeLimits allows.
  kPayloadFormatInvalid,        // Said to be text, and is not; only when asked to look.
};
inline constexpr int kDecodeErrorCount = 10;

// The reason code for the DISCONNECT or CONNACK that answers the error. Topic errors of syntax are
// Malformed Packets: codes 0x8f and 0x90 are for well-formed topics that are not accepted.
[[nodiscard]] constexpr ReasonCode ReasonOf(DecodeError error) {
  switch (error) {
    case DecodeError::kMalformed:
      return ReasonCode::kMalformedPacket;
    case DecodeError::kProtocolError:
      return ReasonCode::kProtocolError;
    case DecodeError::kNotMqtt:
      return ReasonCode::kUnsupportedProtocolVersion;
    case DecodeError::kUnsupportedProtocolVersion:
      return ReasonCode::kUnsupportedProtocolVersion;
    case DecodeError::kClientIdentifierNotValid:
      return ReasonCode::kClientIdentifierNotValid;
    case DecodeError::kTopicNameInvalid:
      return ReasonCode::kMalformedPacket;
    case DecodeError::kTopicFilterInvalid:
      return ReasonCode::kMalformedPacket;
    case DecodeError::kTopicAliasInvalid:
      return ReasonCode::kTopicAliasInvalid;
    case DecodeError::kTooManyUserProperties:
      return ReasonCode::kQuotaExceeded;
    case DecodeError::kPayloadFormatInvalid:
      return ReasonCode::kPayloadFormatInvalid;
  }
  return ReasonCode::kUnspecifiedError;
}

}  // namespace ringmq::codec
