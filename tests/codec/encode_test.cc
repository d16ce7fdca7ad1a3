// The exact bytes where more than one form would decode.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/encode.h"

#include <gtest/gtest.h>

#include "codec/properties.h"
#include "wire/any_packet.h"

namespace ringmq::codec {
namespace {

using wire::EncodeAny;
using wire::ParseBytes;

TEST(Encode, UsesTheShortFormsOfAcks) {  // [MQTT-2.2.1-5]
  TypedAck ack{PacketType::kPuback, {.packet_id = 258}};
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV5), ParseBytes("40 02 0102"));
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV311), ParseBytes("40 02 0102"));
  ack.ack.reason = ReasonCode::kNoMatchingSubscribers;
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV5), ParseBytes("40 03 0102 10"));
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV311), ParseBytes("40 02 0102"));
  ack.ack.reason_string = "none";
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV5), ParseBytes("40 .. 0102 10 [ 1f \"none\" ]"));
  ack = {PacketType::kPubrel, {.packet_id = 1}};
  EXPECT_EQ(EncodeAny(ack, ProtocolVersion::kV5), ParseBytes("62 02 0001"));  // [MQTT-3.6.1-1]
}

TEST(Encode, WritesSubackInTheWordsOfTheVersion) {  // [MQTT-3.8.4-2] [MQTT-3.9.3-1]
  const ReasonCode reasons[] = {ReasonCode::kGrantedQos2, ReasonCode::kNotAuthorized,
                                ReasonCode::kSuccess};
  Suback suback;
  suback.packet_id = 7;
  suback.reasons = reasons;
  EXPECT_EQ(EncodeAny(suback, ProtocolVersion::kV5), ParseBytes("90 .. 0007 [] 02 87 00"));
  EXPECT_EQ(EncodeAny(suback, ProtocolVersion::kV311), ParseBytes("90 .. 0007 02 80 00"));
  EXPECT_EQ(EncodeAny(suback, ProtocolVersion::kV31), ParseBytes("90 .. 0007 02 80 00"));
}

TEST(Encode, WritesUnsubackReasonsForVersion5Only) {  // [MQTT-3.11.3-1]
  const ReasonCode reasons[] = {ReasonCode::kNoSubscriptionExisted};
  Unsuback unsuback;
  unsuback.packet_id = 7;
  unsuback.reasons = reasons;
  EXPECT_EQ(EncodeAny(unsuback, ProtocolVersion::kV5), ParseBytes("b0 .. 0007 [] 11"));
  EXPECT_EQ(EncodeAny(unsuback, ProtocolVersion::kV311), ParseBytes("b0 02 0007"));
}

TEST(Encode, WritesConnackInTheWordsOfTheVersion) {
  Connack connack{
      .session_present = true, .maximum_qos = Qos::kAtLeastOnce, .assigned_client_id = "x"};
  EXPECT_EQ(EncodeAny(connack, ProtocolVersion::kV5),
            ParseBytes("20 .. 01 00 [ 24 01 12 \"x\" ]"));  // [MQTT-3.2.2-9] [MQTT-3.2.2-16]
  EXPECT_EQ(EncodeAny(connack, ProtocolVersion::kV311), ParseBytes("20 02 01 00"));
  EXPECT_EQ(EncodeAny(connack, ProtocolVersion::kV31), ParseBytes("20 02 00 00"));
  connack = {.reason = ReasonCode::kBanned};
  EXPECT_EQ(EncodeAny(connack, ProtocolVersion::kV5), ParseBytes("20 .. 00 8a []"));
  EXPECT_EQ(EncodeAny(connack, ProtocolVersion::kV311), ParseBytes("20 02 00 05"));
}

TEST(Encode, WritesBareDisconnectAndAuth) {  // [MQTT-3.14.1-1] [MQTT-3.15.1-1]
  EXPECT_EQ(EncodeAny(Disconnect{}, ProtocolVersion::kV5), ParseBytes("e0 00"));
  Disconnect disconnect{.reason = ReasonCode::kSessionTakenOver};
  EXPECT_EQ(EncodeAny(disconnect, ProtocolVersion::kV5), ParseBytes("e0 01 8e"));
  EXPECT_EQ(EncodeAny(disconnect, ProtocolVersion::kV311), ParseBytes("e0 00"));
  EXPECT_EQ(EncodeAny(Auth{}, ProtocolVersion::kV5), ParseBytes("f0 00"));
}

TEST(Encode, WritesConnectAndSubscribeOfAClient) {
  Connect connect{.version = ProtocolVersion::kV31, .keep_alive_s = 60, .client_id = "c"};
  EXPECT_EQ(EncodeAny(connect, ProtocolVersion::kV31),
            ParseBytes("10 .. \"MQIsdp\" 03 02 003c \"c\""));
  std::vector<uint8_t> filters;
  AppendSubscription("a", {.qos = Qos::kAtLeastOnce, .no_local = true}, ProtocolVersion::kV5,
                     filters);
  AppendSubscription("b", {.qos = Qos::kExactlyOnce}, ProtocolVersion::kV5, filters);
  const Subscribe subscribe{.packet_id = 1, .subscription_id = 5, .filters = filters};
  EXPECT_EQ(EncodeAny(subscribe, ProtocolVersion::kV5),
            ParseBytes("82 .. 0001 [ 0b 05 ] \"a\" 05 \"b\" 02"));
}

TEST(EncodeDeathTest, InsistsOnTheExactSize) {
  const TypedAck ack{PacketType::kPuback, {.packet_id = 1}};
  uint8_t bytes[5];
  EXPECT_DEATH(Encode(ack, ProtocolVersion::kV5, bytes), "out.size");
}

}  // namespace
}  // namespace ringmq::codec
