// Any packet, decoded: what tests and fuzz targets need to treat all types alike.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "wire/corpus.h"

namespace ringmq::wire {

struct Ping {
  PacketType type = PacketType::kPingreq;
};

using AnyPacket = std::variant<Ping, codec::Connect, codec::Connack, codec::Publish,
                               codec::TypedAck, codec::Subscribe, codec::Suback, codec::Unsubscribe,
                               codec::Unsuback, codec::Disconnect, codec::Auth>;

struct AnyDecoded {
  Verdict verdict{};
  std::optional<AnyPacket> packet{};                 // When the verdict is good.
  ProtocolVersion version = ProtocolVersion::kV311;  // A CONNECT's own.
  size_t size_bytes = 0;                             // Of the frame; zero when incomplete.
};

// Frames and decodes the packet at the front of `bytes`, which the packet views.
AnyDecoded DecodeAny(codec::Bytes bytes, ProtocolVersion version,
                     const codec::DecodeLimits& limits = {});

std::vector<uint8_t> EncodeAny(const AnyPacket& packet, ProtocolVersion version);

// Every field as text: two packets are equal when their descriptions are.
std::string Describe(const AnyPacket& packet, ProtocolVersion version);

}  // namespace ringmq::wire
