// Stores the data types of 5.0 s1.5, most significant byte first.
// Each function returns the byte behind what it stored. Requires: there is room.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "codec/limits.h"
#include "codec/packets.h"

namespace ringmq::codec {

inline uint8_t* StoreTwoByte(uint16_t value, uint8_t* out) {
  out[0] = static_cast<uint8_t>(value >> 8);
  out[1] = static_cast<uint8_t>(value);
  return out + 2;
}

inline uint8_t* StoreFourByte(uint32_t value, uint8_t* out) {
  out = StoreTwoByte(static_cast<uint16_t>(value >> 16), out);
  return StoreTwoByte(static_cast<uint16_t>(value), out);
}

inline uint8_t* StoreBytes(Bytes bytes, uint8_t* out) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// A string or binary data with its length.
inline uint8_t* StoreSized(Bytes bytes, uint8_t* out) {
  RMQ_CHECK(bytes.size() <= kStringBytesMax);
  return StoreBytes(bytes, StoreTwoByte(static_cast<uint16_t>(bytes.size()), out));
}

}  // namespace ringmq::codec
