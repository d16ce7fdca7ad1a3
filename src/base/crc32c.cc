// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>

namespace ringmq::base {
namespace {

constexpr uint32_t kPolynomial = 0x82f6'3b78;  // Lowest bit first.

constexpr std::array<uint32_t, 256> kTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    table[byte] = rest;
  }
  return table;
}();

}  // namespace

uint32_t ExtendCrc32c(uint32_t checksum, std::span<const uint8_t> bytes) {
  uint32_t rest = ~checksum;
  for (const uint8_t byte : bytes) rest = (rest >> 8) ^ kTable[(rest ^ byte) & 0xff];
  return ~rest;
}

}  // namespace ringmq::base
