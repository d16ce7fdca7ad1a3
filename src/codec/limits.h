// The limits that the MQTT standard itself sets, each with a unit and a reason.
//
// What an operator may choose below them is the broker's business (broker/limits.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringmq::codec {

// 5.0 s1.5.5: a variable byte integer has at most four bytes of seven bits.
inline constexpr size_t kVarintBytesMax = 4;
inline constexpr uint32_t kVarintMax = 268'435'455;
static_assert(kVarintMax == (1u << (7 * kVarintBytesMax)) - 1);

// 5.0 s2.1: one byte of type and flags, then the Remaining Length.
inline constexpr uint32_t kFrameHeadBytesMin = 2;
inline constexpr uint32_t kFrameHeadBytesMax = 1 + kVarintBytesMax;
inline constexpr uint32_t kPacketSizeBytesMax = kFrameHeadBytesMax + kVarintMax;
static_assert(kPacketSizeBytesMax > kVarintMax);  // The sum fits its type.

// 5.0 s1.5.4 and s1.5.6: strings and binary data carry a two-byte length. [MQTT-4.7.3-3]
inline constexpr size_t kStringBytesMax = 65'535;

// 5.0 s3.3.2.3.8.
inline constexpr uint32_t kSubscriptionIdMax = kVarintMax;

// Ours, not the standard's: a first guard that the broker's configuration may lower. Each user
// property costs its peer five bytes at least, and us a walk for each time the list is read.
inline constexpr uint32_t kUserPropertiesMaxDefault = 1024;

}  // namespace ringmq::codec
