// The checksum CRC-32C (Castagnoli), as in RFC 4960 appendix B: for things that are checked once a
// connection, byte by byte.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace ringmq::base {

// The checksum of what `checksum` is the checksum of, and `bytes` behind it. Nothing has the
// checksum zero.
[[nodiscard]] uint32_t ExtendCrc32c(uint32_t checksum, std::span<const uint8_t> bytes);

}  // namespace ringmq::base
