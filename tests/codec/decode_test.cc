// What the corpus cannot say: limits, contents of fields, and that every error can happen.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "codec/filter_list.h"
#include "codec/properties.h"
#include "wire/any_packet.h"

namespace ringmq::codec {
namespace {

using wire::ParseBytes;

TEST(Decode, ReadsEveryFieldOfConnect) {
  const wire::WirePacket packet = wire::LoadPacket("connect/v5_everything");
  const auto decoded = wire::DecodeAny(packet.bytes, ProtocolVersion::kV5);
  const auto& connect = std::get<Connect>(*decoded.packet);
  EXPECT_EQ(connect.version, ProtocolVersion::kV5);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive_s, 10);
  EXPECT_EQ(connect.client_id, "client");
  EXPECT_EQ(connect.username, "user");
  EXPECT_EQ(AsText(connect.password), "secret");
  EXPECT_EQ(connect.session_expiry_s, 10u);
  EXPECT_EQ(connect.receive_maximum, 16);
  EXPECT_EQ(connect.maximum_packet_size, 65536u);
  EXPECT_EQ(connect.topic_alias_maximum, 8);
  EXPECT_TRUE(connect.request_response_information);
  EXPECT_FALSE(connect.request_problem_information);
  EXPECT_EQ(connect.authentication_method, "SCRAM");
  EXPECT_EQ(AsText(connect.authentication_data), "data");
  EXPECT_EQ(connect.will.topic, "will/topic");
  EXPECT_EQ(AsText(connect.will.payload), "gone");
  EXPECT_EQ(connect.will.qos, Qos::kExactlyOnce);
  EXPECT_TRUE(connect.will.retain);
  EXPECT_EQ(connect.will.delay_s, 5u);
  EXPECT_EQ(connect.will.message_expiry_s, 60u);
}

TEST(Decode, ReadsEveryFieldOfPublish) {
  const wire::WirePacket packet = wire::LoadPacket("publish/v5_all_properties");
  const auto decoded = wire::DecodeAny(packet.bytes, ProtocolVersion::kV5);
  const auto& publish = std::get<Publish>(*decoded.packet);
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_EQ(AsText(publish.payload), "hello");
  EXPECT_EQ(publish.qos, Qos::kAtLeastOnce);
  EXPECT_EQ(publish.packet_id, 1);
  EXPECT_EQ(publish.topic_alias, 1);
  EXPECT_EQ(publish.message_expiry_s, 60u);
  EXPECT_EQ(publish.payload_format, 1);
  EXPECT_TRUE(publish.has_response_topic);
  EXPECT_EQ(publish.response_topic, "reply");
  EXPECT_TRUE(publish.has_hop_properties);
}

TEST(Decode, WalksTheFiltersOfSubscribe) {
  const wire::WirePacket packet = wire::LoadPacket("subscribe/v5_everything");
  const auto decoded = wire::DecodeAny(packet.bytes, ProtocolVersion::kV5);
  const auto& subscribe = std::get<Subscribe>(*decoded.packet);
  EXPECT_EQ(subscribe.subscription_id, kSubscriptionIdMax);
  EXPECT_EQ(subscribe.filter_count, 4u);
  std::vector<Subscription> all;
  for (const Subscription& one : SubscribeFilters(subscribe, ProtocolVersion::kV5)) {
    all.push_back(one);
  }
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].filter, "a/b");
  EXPECT_EQ(all[0].options,
            (SubscriptionOptions{Qos::kExactlyOnce, true, true, RetainHandling::kDoNotSend}));
  EXPECT_EQ(all[1].options,
            (SubscriptionOptions{Qos::kAtLeastOnce, false, true, RetainHandling::kSendIfNew}));
  EXPECT_EQ(all[3].filter, "$share/group/a/#");
}

TEST(Decode, CountsUserPropertiesAgainstTheLimit) {
  const auto body = ParseBytes("\"a\" [ 26 \"k\" \"v\" 26 \"k\" \"v\" ] 'x'");
  DecodeLimits limits{.user_properties_max = 2};
  EXPECT_TRUE(DecodePublish(0, body, ProtocolVersion::kV5, limits).ok());
  limits.user_properties_max = 1;
  EXPECT_EQ(DecodePublish(0, body, ProtocolVersion::kV5, limits).error(),
            DecodeError::kTooManyUserProperties);
}

TEST(Decode, ChecksPayloadFormatWhenAsked) {
  const auto body = ParseBytes("\"a\" [ 01 01 ] ff");
  const DecodeLimits limits{.check_payload_format = true};
  EXPECT_EQ(DecodePublish(0, body, ProtocolVersion::kV5, limits).error(),
            DecodeError::kPayloadFormatInvalid);
  EXPECT_TRUE(
      DecodePublish(0, ParseBytes("\"a\" [ 01 01 ] c3a9 00"), ProtocolVersion::kV5, limits).ok());
  EXPECT_TRUE(
      DecodePublish(0, ParseBytes("\"a\" [ 01 00 ] ff"), ProtocolVersion::kV5, limits).ok());
  const auto connect = ParseBytes("\"MQTT\" 05 06 003c [] \"a\" [ 01 01 ] \"t\" 0001 ff");
  EXPECT_EQ(DecodeConnect(connect, limits).error(), DecodeError::kPayloadFormatInvalid);
}

TEST(Decode, PeeksTheVersionOfAConnectThatIsWrongLater) {
  EXPECT_EQ(PeekConnectVersion(ParseBytes("\"MQTT\" 05 ff")), ProtocolVersion::kV5);
  EXPECT_EQ(PeekConnectVersion(ParseBytes("\"MQTT\" 04")), ProtocolVersion::kV311);
  EXPECT_EQ(PeekConnectVersion(ParseBytes("\"MQIsdp\" 03")), ProtocolVersion::kV31);
  EXPECT_EQ(PeekConnectVersion(ParseBytes("\"MQTT\" 06")), std::nullopt);
  EXPECT_EQ(PeekConnectVersion(ParseBytes("\"MQTT\"")), std::nullopt);
}

// Zero is refused for the packet identifier of every packet that has one; all others are taken.
// [MQTT-2.2.1-3] [MQTT-2.2.1-5]
TEST(Decode, TakesAllPacketIdentifiersButZero) {
  for (uint32_t id = 0; id <= 65535; ++id) {
    const uint8_t body[] = {static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
    for (const auto type :
         {PacketType::kPuback, PacketType::kPubrec, PacketType::kPubrel, PacketType::kPubcomp}) {
      const auto ack = DecodeAck(type, body, ProtocolVersion::kV5);
      ASSERT_EQ(ack.ok(), id != 0);
      if (ack.ok()) {
        ASSERT_EQ(ack->packet_id, id);
      }
    }
  }
}

// All option bytes in all versions. [MQTT-3.8.3-4] [MQTT-3.8.3-5]
TEST(Decode, TakesExactlyTheSubscriptionOptionsOfTheVersion) {
  for (uint32_t options = 0; options < 256; ++options) {
    for (const bool shared : {false, true}) {
      auto body = ParseBytes(shared ? "0001 \"$share/g/a\" 00" : "0001 \"a\" 00");
      body.back() = static_cast<uint8_t>(options);
      const bool qos_good = (options & 3) != 3;
      EXPECT_EQ(DecodeSubscribe(body, ProtocolVersion::kV31).ok(), qos_good);
      EXPECT_EQ(DecodeSubscribe(body, ProtocolVersion::kV311).ok(), options < 3);
      body.insert(body.begin() + 2, 0);
      const bool v5_good = qos_good && options < 0x30 && !(shared && (options & 4) != 0);
      EXPECT_EQ(DecodeSubscribe(body, ProtocolVersion::kV5).ok(), v5_good) << options;
    }
  }
}

TEST(Decode, ProducesEveryError) {
  std::set<DecodeError> seen = {DecodeError::kTooManyUserProperties,
                                DecodeError::kPayloadFormatInvalid};  // Proven above.
  for (const wire::WirePacket& packet : wire::LoadCorpus()) {
    for (const wire::Verdict& verdict : packet.verdicts) {
      if (verdict.kind == wire::Verdict::Kind::kError) seen.insert(verdict.error);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kDecodeErrorCount));
}

TEST(Decode, AnswersEveryErrorWithAFailure) {
  for (int error = 0; error < kDecodeErrorCount; ++error) {
    EXPECT_TRUE(IsFailure(ReasonOf(static_cast<DecodeError>(error))));
    EXPECT_NE(ReasonOf(static_cast<DecodeError>(error)), ReasonCode::kUnspecifiedError);
  }
}

}  // namespace
}  // namespace ringmq::codec
