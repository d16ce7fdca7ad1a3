// Packets into bytes, in the form of the receiver's protocol version.
//
// What the version does not know is left out. Optional fields that hold their default are not
// written. Of a packet's `properties`, what the packet has no field for is written too: user
// properties everywhere, and of PUBLISH and the will everything that is forwarded unaltered. So a
// decoded packet encodes to an equal one.
//
// The encoder trusts its caller: strings that are too long for the wire are bugs and crash, and
// whether text is valid UTF-8 or topics are well-formed is not looked at again.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "codec/packets.h"

namespace ringmq::codec {

// An Ack does not know which of the four packets it is.
struct TypedAck {
  PacketType type = PacketType::kPuback;
  Ack ack;
};

struct Suback : SubscribeAck {};
struct Unsuback : SubscribeAck {};

// Size of the whole packet, fixed header included. Requires: at most kPacketSizeBytesMax.
[[nodiscard]] size_t EncodedSizeBytes(const Connect& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Connack& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Publish& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const TypedAck& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Subscribe& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Suback& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Unsubscribe& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Unsuback& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Disconnect& packet, ProtocolVersion version);
[[nodiscard]] size_t EncodedSizeBytes(const Auth& packet, ProtocolVersion version);

// Requires: out.size() is EncodedSizeBytes() of the same packet and version.
void Encode(const Connect& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Connack& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Publish& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const TypedAck& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Subscribe& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Suback& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Unsubscribe& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Unsuback& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Disconnect& packet, ProtocolVersion version, std::span<uint8_t> out);
void Encode(const Auth& packet, ProtocolVersion version, std::span<uint8_t> out);

// The two packets without a body. [MQTT-3.12.4-1]
inline constexpr uint8_t kPingreqFrame[2] = {0xc0, 0x00};
inline constexpr uint8_t kPingrespFrame[2] = {0xd0, 0x00};

// Appends one entry to what Subscribe::filters or Unsubscribe::filters view.
void AppendSubscription(std::string_view filter, const SubscriptionOptions& options,
                        ProtocolVersion version, std::vector<uint8_t>& filters);
void AppendFilter(std::string_view filter, std::vector<uint8_t>& filters);

}  // namespace ringmq::codec
