// The variable byte integer of 5.0 s1.5.5: seven bits a byte, least significant first.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "codec/limits.h"

namespace ringmq::codec {

enum class VarintStatus : uint8_t { kDone, kNeedMore, kMalformed };

struct Varint {
  VarintStatus status;
  uint8_t size_bytes = 0;  // Bytes consumed; zero unless kDone.
  uint32_t value = 0;
};

// Reads one integer from the front of `input`, which comes from the network: any content is
// legal to pass, and none is trusted.
inline Varint DecodeVarint(std::span<const uint8_t> input) {
  uint32_t value = 0;
  for (size_t i = 0; i < kVarintBytesMax; ++i) {
    if (i == input.size()) return {VarintStatus::kNeedMore};
    const uint8_t byte = input[i];
    value |= uint32_t{byte & 0x7fu} << (7 * i);
    if (byte & 0x80) continue;
    // A zero last byte adds nothing, so a shorter encoding existed. [MQTT-1.5.5-1]
    if (byte == 0 && i > 0) return {VarintStatus::kMalformed};
    return {VarintStatus::kDone, static_cast<uint8_t>(i + 1), value};
  }
  return {VarintStatus::kMalformed};
}

// Requires: value <= kVarintMax.
constexpr uint32_t VarintSizeBytes(uint32_t value) {
  return value < (1u << 7) ? 1 : value < (1u << 14) ? 2 : value < (1u << 21) ? 3 : 4;
}

// Writes the shortest form [MQTT-1.5.5-1] and returns the byte behind it. Requires: room for
// VarintSizeBytes(value).
inline uint8_t* EncodeVarint(uint32_t value, uint8_t* out) {
  RMQ_CHECK(value <= kVarintMax);
  while (value >= 0x80) {
    *out++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<uint8_t>(value);
  return out;
}

}  // namespace ringmq::codec
