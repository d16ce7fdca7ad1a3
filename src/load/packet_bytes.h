// Packets at the end of a connection's output.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/properties.h"

namespace ringmq::load {

// What a client may be sent.
inline constexpr codec::DecodeLimits kLimits = {.sender = codec::Peer::kServer};

template <typename Packet>
void AppendPacket(const Packet& packet, ProtocolVersion version, std::vector<uint8_t>& out) {
  const size_t before = out.size();
  out.resize(before + codec::EncodedSizeBytes(packet, version));
  codec::Encode(packet, version, std::span(out).subspan(before));
}

// The Correlation Data of a list that was decoded; empty: none.
inline std::span<const uint8_t> CorrelationOf(const codec::PropertyList& properties) {
  codec::PropertyReader reader(properties);
  codec::Property property;
  while (reader.Next(property)) {
    if (property.id != codec::PropertyId::kCorrelationData) continue;
    return {reinterpret_cast<const uint8_t*>(property.text.data()), property.text.size()};
  }
  return {};
}

// PUBACK, PUBREC, PUBREL or PUBCOMP of success.
inline void AppendAck(uint8_t first, uint16_t id, std::vector<uint8_t>& out) {
  const uint8_t bytes[4] = {first, 2, static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
  out.insert(out.end(), bytes, bytes + sizeof(bytes));
}

}  // namespace ringmq::load
