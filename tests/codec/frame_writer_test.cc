// SPDX-License-Identifier: Apache-2.0
#include "codec/frame_writer.h"

#include <gtest/gtest.h>

#include "codec/properties.h"
#include "vector_sink.h"
#include "wire/any_packet.h"

namespace ringmq::codec {
namespace {

constexpr auto kV5 = ProtocolVersion::kV5;

// For every limit from nothing to plenty: the fullest of the three forms that fits is written, and
// nothing where none does.
template <typename Packet, typename Head>
void CheckShortening(Packet packet, Head& (*head)(Packet&)) {
  std::vector<uint8_t> list;
  PropertyWriter(list).UserProperty("name", "value");
  head(packet).reason_string = "why it is so";
  head(packet).properties = {list};
  const std::vector<uint8_t> full = wire::EncodeAny(packet, kV5);
  Packet without_string = packet;
  head(without_string).reason_string = {};
  const std::vector<uint8_t> medium = wire::EncodeAny(without_string, kV5);
  head(without_string).properties = {};
  const std::vector<uint8_t> least = wire::EncodeAny(without_string, kV5);
  ASSERT_LT(least.size(), medium.size());
  ASSERT_LT(medium.size(), full.size());
  for (uint32_t limit = 1; limit <= full.size() + 1; ++limit) {
    VectorSink sink;
    const bool written = WritePacket(packet, kV5, limit, sink);
    EXPECT_EQ(written, limit >= least.size());
    if (!written) {
      EXPECT_TRUE(sink.bytes.empty());
    } else {
      EXPECT_EQ(sink.bytes, limit >= full.size() ? full : limit >= medium.size() ? medium : least);
    }
  }
  VectorSink sink;
  EXPECT_TRUE(WritePacket(packet, kV5, 0, sink));
  EXPECT_EQ(sink.bytes, full);
}

template <typename Packet>
Packet& Whole(Packet& packet) {
  return packet;
}

Ack& AckOf(TypedAck& packet) { return packet.ack; }

// [MQTT-3.2.2-19] [MQTT-3.2.2-20]
TEST(FrameWriter, ShortensConnack) { CheckShortening(Connack{}, &Whole<Connack>); }

// [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3]
// [MQTT-3.7.2-2] [MQTT-3.7.2-3]
TEST(FrameWriter, ShortensAcks) {
  for (const auto type :
       {PacketType::kPuback, PacketType::kPubrec, PacketType::kPubrel, PacketType::kPubcomp}) {
    CheckShortening(TypedAck{type, {.packet_id = 1}}, &AckOf);
  }
}

constexpr ReasonCode kReasons[] = {ReasonCode::kSuccess};

// [MQTT-3.9.2-1] [MQTT-3.9.2-2]
TEST(FrameWriter, ShortensSuback) {
  Suback suback;
  suback.packet_id = 1;
  suback.reasons = kReasons;
  CheckShortening(suback, &Whole<Suback>);
}

// [MQTT-3.11.2-1] [MQTT-3.11.2-2]
TEST(FrameWriter, ShortensUnsuback) {
  Unsuback unsuback;
  unsuback.packet_id = 1;
  unsuback.reasons = kReasons;
  CheckShortening(unsuback, &Whole<Unsuback>);
}

// [MQTT-3.14.2-3] [MQTT-3.14.2-4]
TEST(FrameWriter, ShortensDisconnect) {
  CheckShortening(Disconnect{.reason = ReasonCode::kServerBusy}, &Whole<Disconnect>);
}

// [MQTT-3.15.2-2] [MQTT-3.15.2-3]
TEST(FrameWriter, ShortensAuth) {
  CheckShortening(Auth{.reason = ReasonCode::kContinueAuthentication, .method = "x"}, &Whole<Auth>);
}

TEST(FrameWriter, WritesNothingThatIsTooLarge) {  // [MQTT-3.1.2-24]
  VectorSink sink;
  EXPECT_FALSE(WritePacket(Connect{.client_id = "client"}, kV5, 10, sink));
  EXPECT_FALSE(WritePacket(Publish{.topic = "topic"}, kV5, 8, sink));
  EXPECT_TRUE(sink.bytes.empty());
  EXPECT_TRUE(WritePacket(Publish{.topic = "topic"}, kV5, 10, sink));
}

TEST(FrameWriter, WritesPings) {  // [MQTT-3.12.4-1]
  VectorSink sink;
  WritePingreq(sink);
  WritePingresp(sink);
  EXPECT_EQ(sink.bytes, wire::ParseBytes("c000 d000"));
}

}  // namespace
}  // namespace ringmq::codec
