// SPDX-License-Identifier: Apache-2.0
#include "codec/varint.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringmq::codec {
namespace {

// All values up to three bytes, and the edges of four: the shortest form, and back. [MQTT-1.5.5-1]
TEST(Varint, EncodesTheShortestFormAndDecodesIt) {
  const auto check = [](uint32_t value) {
    uint8_t bytes[kVarintBytesMax];
    const auto size = static_cast<size_t>(EncodeVarint(value, bytes) - bytes);
    ASSERT_EQ(size, VarintSizeBytes(value));
    const Varint varint = DecodeVarint({bytes, size});
    ASSERT_EQ(varint.status, VarintStatus::kDone);
    ASSERT_EQ(varint.value, value);
    ASSERT_EQ(varint.size_bytes, size);
    for (size_t cut = 0; cut < size; ++cut) {
      ASSERT_EQ(DecodeVarint({bytes, cut}).status, VarintStatus::kNeedMore);
    }
  };
  for (uint32_t value = 0; value < 2'200'000; ++value) check(value);
  for (uint32_t value = kVarintMax - 1000; value <= kVarintMax; ++value) check(value);
}

// All inputs of two bytes against the definition. [MQTT-1.5.5-1]
TEST(Varint, RefusesOverlongForms) {
  for (uint32_t input = 0; input < 65536; ++input) {
    const uint8_t bytes[] = {static_cast<uint8_t>(input >> 8), static_cast<uint8_t>(input)};
    const Varint varint = DecodeVarint(bytes);
    if ((bytes[0] & 0x80) == 0) {
      EXPECT_EQ(varint.size_bytes, 1);
    } else if ((bytes[1] & 0x80) != 0) {
      EXPECT_EQ(varint.status, VarintStatus::kNeedMore);
    } else if (bytes[1] == 0) {
      EXPECT_EQ(varint.status, VarintStatus::kMalformed);
    } else {
      EXPECT_EQ(varint.value, (bytes[0] & 0x7fu) + 128u * bytes[1]);
    }
  }
}

TEST(Varint, RefusesAFifthByte) {
  EXPECT_EQ(DecodeVarint(std::vector<uint8_t>{0x80, 0x80, 0x80, 0x80}).status,
            VarintStatus::kMalformed);
  EXPECT_EQ(DecodeVarint(std::vector<uint8_t>{0xff, 0xff, 0xff, 0xff, 0x01}).status,
            VarintStatus::kMalformed);
}

}  // namespace
}  // namespace ringmq::codec
