// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace ringmq::base {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
};

// Little-endian whatever the machine: the value must be the same everywhere.
uint64_t LoadWord(std::string_view bytes, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof(word));
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

// The last zero to seven bytes.
uint64_t LoadTail(std::string_view bytes, size_t offset) {
  uint64_t word = 0;
  for (size_t i = offset; i < bytes.size(); ++i) {
    word |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * (i - offset));
  }
  return word;
}

}  // namespace

uint64_t StableHash(std::string_view bytes, uint64_t key0, uint64_t key1) {
  SipState state{0x736f6d6570736575 ^ key0, 0x646f72616e646f6d ^ key1, 0x6c7967656e657261 ^ key0,
                 0x7465646279746573 ^ key1};
  const size_t whole = bytes.size() & ~size_t{7};
  for (size_t offset = 0; offset < whole; offset += 8) {
    const uint64_t word = LoadWord(bytes, offset);
    state.v3 ^= word;
    state.Round();
    state.v0 ^= word;
  }
  const uint64_t last = LoadTail(bytes, whole) | uint64_t{bytes.size() & 0xff} << 56;
  state.v3 ^= last;
  state.Round();
  state.v0 ^= last;
  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace ringmq::base
