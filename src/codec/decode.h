// Bodies of packets (what follows the fixed header) into values.
//
// Everything here reads bytes from the network: any content is legal to pass, and a packet comes
// back only when it obeys every rule of its version that can be checked without knowing the
// connection's state. Returned views point into `body`. Nothing allocates.
//
// PINGREQ and PINGRESP have no body: IsValidEmptyBody() is all there is to them.
//
// Where the versions differ or leave room:
//   - 3.1 client identifiers longer than 23 characters are accepted, as other brokers do.
//   - 3.1 does not define reserved bits; they are ignored there, and checked from 3.1.1 on.
//   - A packet identifier of zero is a Protocol Error; a reason code that its packet does not have
//     is malformed.
//   - An AUTH packet without a body is success without a method, which the standard allows in one
//     place (s3.15.2.1) and forbids in another (s3.15.2.2.2): the session's business.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "codec/decode_error.h"
#include "codec/limits.h"
#include "codec/packets.h"

namespace ringmq::codec {

// Who sent the bytes: some things only one side may say.
enum class Peer : uint8_t { kClient, kServer };

struct DecodeLimits {
  uint32_t user_properties_max = kUserPropertiesMaxDefault;  // In one list.
  Peer sender = Peer::kClient;
  // Look whether payloads said to be text are valid UTF-8 (5.0 s3.3.2.3.2: "may").
  bool check_payload_format = false;
};

template <typename Packet>
using Decoded = base::Result<Packet, DecodeError>;

[[nodiscard]] Decoded<Connect> DecodeConnect(Bytes body, const DecodeLimits& limits = {});

// The version a CONNECT asks for, if its first fields can be read and it is one of ours: how to
// answer a CONNECT that is wrong further on.
[[nodiscard]] std::optional<ProtocolVersion> PeekConnectVersion(Bytes body);

[[nodiscard]] Decoded<Connack> DecodeConnack(Bytes body, ProtocolVersion version,
                                             const DecodeLimits& limits = {});

// `flags` are the low four bits of the packet's first byte.
[[nodiscard]] Decoded<Publish> DecodePublish(uint8_t flags, Bytes body, ProtocolVersion version,
                                             const DecodeLimits& limits = {});

// Requires: type is PUBACK, PUBREC, PUBREL or PUBCOMP.
[[nodiscard]] Decoded<Ack> DecodeAck(PacketType type, Bytes body, ProtocolVersion version,
                                     const DecodeLimits& limits = {});

[[nodiscard]] Decoded<Subscribe> DecodeSubscribe(Bytes body, ProtocolVersion version,
                                                 const DecodeLimits& limits = {});
[[nodiscard]] Decoded<SubscribeAck> DecodeSuback(Bytes body, ProtocolVersion version,
                                                 const DecodeLimits& limits = {});
[[nodiscard]] Decoded<Unsubscribe> DecodeUnsubscribe(Bytes body, ProtocolVersion version,
                                                     const DecodeLimits& limits = {});
[[nodiscard]] Decoded<SubscribeAck> DecodeUnsuback(Bytes body, ProtocolVersion version,
                                                   const DecodeLimits& limits = {});

[[nodiscard]] Decoded<Disconnect> DecodeDisconnect(Bytes body, ProtocolVersion version,
                                                   const DecodeLimits& limits = {});

// 5.0 only.
[[nodiscard]] Decoded<Auth> DecodeAuth(Bytes body, const DecodeLimits& limits = {});

// For PINGREQ and PINGRESP.
[[nodiscard]] constexpr bool IsValidEmptyBody(Bytes body) { return body.empty(); }

}  // namespace ringmq::codec
