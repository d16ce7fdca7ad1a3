// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace ringmq::base {
namespace {

// Pinned: sessions move to other cores, and durable state to other places, if these change.
TEST(StableHash, GivesTheSameValuesForEver) {
  EXPECT_EQ(StableHash("", 0, 0), 0xd1fba762150c532cu);
  const std::string all("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e", 15);
  EXPECT_EQ(StableHash(all, 0x0706050403020100, 0x0f0e0d0c0b0a0908), 0xd320d86d2a519956u);
}

TEST(StableHash, DependsOnEachBitOfBothKeysAndOnEachByte) {
  const std::string text = "sensor/42/temperature";
  std::set<uint64_t> values = {StableHash(text, 1, 2)};
  for (int bit = 0; bit < 64; ++bit) {
    values.insert(StableHash(text, 1 ^ uint64_t{1} << bit, 2));
    values.insert(StableHash(text, 1, 2 ^ uint64_t{1} << bit));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    values.insert(StableHash(other, 1, 2));
  }
  EXPECT_EQ(values.size(), 1 + 128 + text.size());
}

TEST(StableHash, TellsLengthsOfZeroesApart) {
  std::set<uint64_t> values;
  for (size_t size = 0; size < 300; ++size) values.insert(StableHash(std::string(size, 0), 1, 2));
  EXPECT_EQ(values.size(), 300u);
}

TEST(StableHash, SpreadsNumberedNamesOverFewCores) {
  std::array<int, 8> cores{};
  for (int i = 0; i < 8000; ++i) ++cores[StableHash("client-" + std::to_string(i), 3, 4) % 8];
  for (const int count : cores) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

}  // namespace
}  // namespace ringmq::base
