// The vocabulary of MQTT that broker, client and tools share, in the standard's words.
//
// Standard: OASIS MQTT Version 5.0 (7 March 2019); sections are cited as "5.0 s2.4".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ringmq {

// Protocol level as CONNECT carries it (5.0 s3.1.2.2). 3.1 calls its protocol "MQIsdp".
enum class ProtocolVersion : uint8_t { kV31 = 3, kV311 = 4, kV5 = 5 };

// 5.0 s4.3.
enum class Qos : uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };

// 5.0 s3.8.3.1: what to send of the retained messages when a subscription is made.
enum class RetainHandling : uint8_t { kSend = 0, kSendIfNew = 1, kDoNotSend = 2 };

// 5.0 s2.1.2.
enum class PacketType : uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15,
};

// 5.0 s2.4. Values below 0x80 mean success, the others failure. kSuccess is also "normal
// disconnection" and "granted QoS 0".
enum class ReasonCode : uint8_t {
  kSuccess = 0x00,
  kGrantedQos1 = 0x01,
  kGrantedQos2 = 0x02,
  kDisconnectWithWill = 0x04,
  kNoMatchingSubscribers = 0x10,
  kNoSubscriptionExisted = 0x11,
  kContinueAuthentication = 0x18,
  kReauthenticate = 0x19,
  kUnspecifiedError = 0x80,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kImplementationSpecificError = 0x83,
  kUnsupportedProtocolVersion = 0x84,
  kClientIdentifierNotValid = 0x85,
  kBadUserNameOrPassword = 0x86,
  kNotAuthorized = 0x87,
  kServerUnavailable = 0x88,
  kServerBusy = 0x89,
  kBanned = 0x8a,
  kServerShuttingDown = 0x8b,
  kBadAuthenticationMethod = 0x8c,
  kKeepAliveTimeout = 0x8d,
  kSessionTakenOver = 0x8e,
  kTopicFilterInvalid = 0x8f,
  kTopicNameInvalid = 0x90,
  kPacketIdentifierInUse = 0x91,
  kPacketIdentifierNotFound = 0x92,
  kReceiveMaximumExceeded = 0x93,
  kTopicAliasInvalid = 0x94,
  kPacketTooLarge = 0x95,
  kMessageRateTooHigh = 0x96,
  kQuotaExceeded = 0x97,
  kAdministrativeAction = 0x98,
  kPayloadFormatInvalid = 0x99,
  kRetainNotSupported = 0x9a,
  kQosNotSupported = 0x9b,
  kUseAnotherServer = 0x9c,
  kServerMoved = 0x9d,
  kSharedSubscriptionsNotSupported = 0x9e,
  kConnectionRateExceeded = 0x9f,
  kMaximumConnectTime = 0xa0,
  kSubscriptionIdentifiersNotSupported = 0xa1,
  kWildcardSubscriptionsNotSupported = 0xa2,
};

constexpr bool IsFailure(ReasonCode reason) { return static_cast<uint8_t>(reason) >= 0x80; }

}  // namespace ringmq
