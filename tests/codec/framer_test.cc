// SPDX-License-Identifier: Apache-2.0
#include "codec/framer.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringmq::codec {
namespace {

constexpr uint32_t kNoLimit = kPacketSizeBytesMax;

// All first bytes in all versions. [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
// [MQTT-3.14.1-1] [MQTT-3.15.1-1]
TEST(Framer, AllowsExactlyTheFlagsOfTheTable) {
  for (const auto version : {ProtocolVersion::kV31, ProtocolVersion::kV311, ProtocolVersion::kV5}) {
    for (uint32_t first = 0; first < 256; ++first) {
      const uint32_t type = first >> 4;
      const uint32_t flags = first & 15;
      bool good = flags == 0;
      if (type == 3) good = true;
      if (type == 6 || type == 8 || type == 10) good = flags == 2;
      if (type != 3 && version == ProtocolVersion::kV31 && flags == 10) {
        good = type == 6 || type == 8 || type == 10;
      }
      if (type == 0) good = false;
      if (type == 15 && version != ProtocolVersion::kV5) good = false;
      const std::vector<uint8_t> bytes = {static_cast<uint8_t>(first), 0};
      const FrameParse parse = ParseFrame(bytes, kNoLimit, version);
      EXPECT_EQ(parse.status, good ? FrameStatus::kFrame : FrameStatus::kMalformed) << first;
      // The first byte alone is enough to refuse.
      const FrameParse early = ParseFrame(Bytes(bytes).first(1), kNoLimit, version);
      EXPECT_EQ(early.status, good ? FrameStatus::kNeedMore : FrameStatus::kMalformed) << first;
    }
  }
}

TEST(Framer, TellsTheWholeSizeBeforeTheBodyIsThere) {
  std::vector<uint8_t> bytes = {0x30, 0xac, 0x02};  // 300 bytes follow.
  EXPECT_EQ(ParseFrame(Bytes(bytes).first(2), kNoLimit).head.header_size_bytes, 0u);
  FrameParse parse = ParseFrame(bytes, kNoLimit);
  EXPECT_EQ(parse.status, FrameStatus::kNeedMore);
  EXPECT_EQ(parse.head.size_bytes(), 303u);
  EXPECT_EQ(parse.head.type, PacketType::kPublish);
  bytes.resize(302);
  EXPECT_EQ(ParseFrame(bytes, kNoLimit).status, FrameStatus::kNeedMore);
  bytes.resize(400);
  parse = ParseFrame(bytes, kNoLimit);
  EXPECT_EQ(parse.status, FrameStatus::kFrame);
  EXPECT_EQ(parse.head.header_size_bytes, 3u);
  EXPECT_EQ(parse.head.remaining_size_bytes, 300u);
}

TEST(Framer, RefusesWhatIsTooLargeAsSoonAsItIsKnown) {
  const std::vector<uint8_t> bytes = {0x30, 0xac, 0x02};
  EXPECT_EQ(ParseFrame(bytes, 302).status, FrameStatus::kTooLarge);
  EXPECT_EQ(ParseFrame(bytes, 303).status, FrameStatus::kNeedMore);
  const std::vector<uint8_t> largest = {0x30, 0xff, 0xff, 0xff, 0x7f};
  EXPECT_EQ(ParseFrame(largest, kNoLimit).head.size_bytes(), kPacketSizeBytesMax);
  EXPECT_EQ(ParseFrame(largest, kNoLimit).status, FrameStatus::kNeedMore);
}

}  // namespace
}  // namespace ringmq::codec
