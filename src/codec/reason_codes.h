// Which reason codes each packet may carry (5.0 table 2-6), and the return codes that 3.1 and
// 3.1.1 have instead.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "ringmq/protocol.h"

namespace ringmq::codec {

// A set of byte values.
struct ByteSet {
  uint64_t bits[4] = {};

  constexpr ByteSet() = default;
  constexpr ByteSet(std::initializer_list<uint8_t> values) {
    for (const uint8_t value : values) bits[value >> 6] |= 1ull << (value & 63);
  }
  [[nodiscard]] constexpr bool Has(uint8_t value) const {
    return (bits[value >> 6] >> (value & 63) & 1) != 0;
  }
};

inline constexpr ByteSet kConnackReasons = {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
                                            0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
                                            0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f};
inline constexpr ByteSet kPubackReasons = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
inline constexpr ByteSet kPubrelReasons = {0x00, 0x92};
inline constexpr ByteSet kSubackReasons = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87,
                                           0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2};
inline constexpr ByteSet kUnsubackReasons = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91};
inline constexpr ByteSet kDisconnectReasons = {
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2};
inline constexpr ByteSet kAuthReasons = {0x00, 0x18, 0x19};
// 3.1.1 s3.9.3: the granted QoS or failure.
inline constexpr ByteSet kSubackReturnCodes = {0x00, 0x01, 0x02, 0x80};

constexpr bool IsConnackReason(uint8_t code) { return kConnackReasons.Has(code); }

// 3.1.1 table 3.1; values above 5 do not exist.
constexpr std::optional<ReasonCode> ReasonOfReturnCode(uint8_t code) {
  constexpr ReasonCode kReasons[] = {ReasonCode::kSuccess,
                                     ReasonCode::kUnsupportedProtocolVersion,
                                     ReasonCode::kClientIdentifierNotValid,
                                     ReasonCode::kServerUnavailable,
                                     ReasonCode::kBadUserNameOrPassword,
                                     ReasonCode::kNotAuthorized};
  if (code >= std::size(kReasons)) return std::nullopt;
  return kReasons[code];
}

// The nearest return code of 3.1.1 for a reason: what has none of its own is "server unavailable"
// where trying again may help, and "not authorized" where it will not.
constexpr uint8_t ReturnCodeOf(ReasonCode reason) {
  if (!IsFailure(reason)) return 0;
  if (reason == ReasonCode::kUnsupportedProtocolVersion) return 1;
  if (reason == ReasonCode::kClientIdentifierNotValid) return 2;
  if (reason == ReasonCode::kBadUserNameOrPassword) return 4;
  if (reason == ReasonCode::kNotAuthorized || reason == ReasonCode::kBanned ||
      reason == ReasonCode::kBadAuthenticationMethod || reason == ReasonCode::kTopicNameInvalid) {
    return 5;
  }
  return 3;
}

}  // namespace ringmq::codec
