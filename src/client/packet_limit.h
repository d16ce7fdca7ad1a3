// The Maximum Packet Size that a server has told (5.0 s3.2.2.3.6), and what is said of packets
// above it: they are not sent. [MQTT-3.2.2-15]
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/limits.h"

namespace ringmq::client {

// `told`: zero if the server has told none, which leaves the protocol's.
[[nodiscard]] constexpr size_t SizeBytesMaxOf(uint32_t told) {
  return told == 0 || told > codec::kPacketSizeBytesMax ? codec::kPacketSizeBytesMax : told;
}

[[nodiscard]] inline std::string TooLargeText(const char* packet, size_t size_bytes,
                                              size_t size_bytes_max) {
  const bool has_vowel = *packet == 'A' || *packet == 'U';
  return std::string(has_vowel ? "an " : "a ") + packet + " of " + std::to_string(size_bytes) +
         " bytes; the server takes " + std::to_string(size_bytes_max);
}

}  // namespace ringmq::client
