// Cuts a byte stream into packets: looks at the fixed header (5.0 s2.1) only.
//
//   +-----------------+--------------------------+------------------------+
//   | type:4  flags:4 | Remaining Length, varint |  that many bytes: body |
//   +-----------------+--------------------------+------------------------+
//
// Says as early as it can that a packet is ill-formed or too large: before its body has arrived.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "codec/packets.h"
#include "codec/varint.h"

namespace ringmq::codec {

struct FrameHead {
  PacketType type = PacketType::kConnect;
  uint8_t flags = 0;
  uint32_t header_size_bytes = 0;  // Zero: the head is not complete yet.
  uint32_t remaining_size_bytes = 0;

  [[nodiscard]] uint32_t size_bytes() const { return header_size_bytes + remaining_size_bytes; }
};

enum class FrameStatus : uint8_t {
  kFrame,     // The input starts with a whole packet.
  kNeedMore,  // If head.header_size_bytes is set, head.size_bytes() says how much in all.
  kMalformed,
  kTooLarge,
};

struct FrameParse {
  FrameStatus status = FrameStatus::kNeedMore;
  FrameHead head;
};

// Which flags a packet type may have (5.0 table 2-2). [MQTT-2.1.3-1]
[[nodiscard]] constexpr bool AreValidFlags(uint8_t type, uint8_t flags, ProtocolVersion version) {
  if (type == static_cast<uint8_t>(PacketType::kPublish)) return true;  // The decoder looks closer.
  if (type == 0) return false;
  if (type == static_cast<uint8_t>(PacketType::kAuth) && version != ProtocolVersion::kV5) {
    return false;
  }
  constexpr uint32_t kWithFlagBit1 = 1u << static_cast<uint8_t>(PacketType::kPubrel) |
                                     1u << static_cast<uint8_t>(PacketType::kSubscribe) |
                                     1u << static_cast<uint8_t>(PacketType::kUnsubscribe);
  if ((kWithFlagBit1 >> type & 1) == 0) return flags == 0;  // [MQTT-2.1.3-1]
  // 3.1 sends these with QoS 1, and with DUP when it repeats them.
  if (version == ProtocolVersion::kV31) return (flags & 0b0111) == 0b0010;
  return flags == 0b0010;  // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
}

// Looks at the front of `input`. `packet_size_bytes_max` bounds the whole packet, head included.
// Before CONNECT has told the version, kV5 is right: the strictest that still allows everything.
[[nodiscard]] inline FrameParse ParseFrame(Bytes input, uint32_t packet_size_bytes_max,
                                           ProtocolVersion version = ProtocolVersion::kV5) {
  FrameParse parse;
  if (input.empty()) return parse;
  const uint8_t type = input[0] >> 4;
  const uint8_t flags = input[0] & 0x0f;
  if (!AreValidFlags(type, flags, version)) {
    parse.status = FrameStatus::kMalformed;
    return parse;
  }
  parse.head.type = static_cast<PacketType>(type);
  parse.head.flags = flags;

  const Varint remaining = DecodeVarint(input.subspan(1));
  if (remaining.status != VarintStatus::kDone) {
    parse.status = remaining.status == VarintStatus::kMalformed ? FrameStatus::kMalformed
                                                                : FrameStatus::kNeedMore;
    return parse;
  }
  parse.head.header_size_bytes = 1u + remaining.size_bytes;
  parse.head.remaining_size_bytes = remaining.value;
  const uint32_t size_bytes = parse.head.size_bytes();
  if (size_bytes > packet_size_bytes_max) {
    parse.status = FrameStatus::kTooLarge;
  } else if (input.size() >= size_bytes) {
    parse.status = FrameStatus::kFrame;
  }
  return parse;
}

}  // namespace ringmq::codec
