// SPDX-License-Identifier: Apache-2.0
#include "client/input.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "client/text.h"

namespace ringmq::client {
namespace {

constexpr uint32_t kLimit = 100'000;

// A PUBLISH-like packet of this many body bytes.
std::vector<uint8_t> Packet(size_t body_bytes, uint8_t fill) {
  std::vector<uint8_t> bytes = {0x30};
  size_t rest = body_bytes;
  do {
    const auto low = static_cast<uint8_t>(rest & 0x7f);
    rest >>= 7;
    bytes.push_back(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  bytes.insert(bytes.end(), body_bytes, fill);
  return bytes;
}

// Whatever way the stream is cut, the same packets come out.
TEST(Input, FindsTheSamePacketsHoweverTheStreamIsCut) {
  base::Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<uint8_t>> sent;
    std::vector<uint8_t> stream;
    for (int i = 0; i < 20; ++i) {
      const size_t size = random.Chance(1, 5) ? random.Below(70'000) : random.Below(300);
      sent.push_back(Packet(size, static_cast<uint8_t>(random.Next())));
      stream.insert(stream.end(), sent.back().begin(), sent.back().end());
    }
    Input input(kLimit, ProtocolVersion::kV5);
    size_t next = 0;
    const uint64_t largest = 1 + random.Below(round % 2 == 0 ? 10 : 20'000);
    for (size_t offset = 0; offset < stream.size();) {
      const size_t size = std::min<size_t>(1 + random.Below(largest), stream.size() - offset);
      const std::vector<uint8_t> piece(stream.begin() + static_cast<ptrdiff_t>(offset),
                                       stream.begin() + static_cast<ptrdiff_t>(offset + size));
      input.Give(piece);
      for (Input::Packet packet = input.Next(); packet.status == Input::Status::kFrame;
           packet = input.Next()) {
        ASSERT_LT(next, sent.size());
        const auto& expected = sent[next++];
        ASSERT_EQ(packet.parse.head.size_bytes(), expected.size());
        ASSERT_EQ(AsText(packet.body),
                  AsText(codec::Bytes(expected).subspan(packet.parse.head.header_size_bytes)));
        if (packet.block != nullptr) {
          ASSERT_EQ(packet.block->size(), expected.size());
        }
      }
      ASSERT_TRUE(input.drained());
      input.BeginBatch();
      offset += size;
    }
    ASSERT_EQ(next, sent.size());
  }
}

TEST(Input, SaysEarlyThatAPacketIsTooLarge) {
  Input input(kLimit, ProtocolVersion::kV5);
  const std::vector<uint8_t> head = {0x30, 0xff, 0xff, 0xff, 0x7f};
  for (size_t i = 0; i < head.size(); ++i) {
    input.Give(codec::Bytes(head).subspan(i, 1));
    const Input::Packet packet = input.Next();
    if (i + 1 < head.size()) {
      ASSERT_EQ(packet.status, Input::Status::kNeedMore);
    } else {
      ASSERT_EQ(packet.status, Input::Status::kBad);
      EXPECT_EQ(packet.parse.status, codec::FrameStatus::kTooLarge);
    }
  }
}

TEST(Input, SaysThatBytesAreNotMqtt) {
  Input input(kLimit, ProtocolVersion::kV5);
  const std::string text = "HTTP/1.1 400 Bad Request\r\n";
  input.Give(AsBytes(text));
  Input::Packet packet = input.Next();
  while (packet.status == Input::Status::kFrame) packet = input.Next();
  EXPECT_EQ(packet.status, Input::Status::kBad);
}

}  // namespace
}  // namespace ringmq::client
