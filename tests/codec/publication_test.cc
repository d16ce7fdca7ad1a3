// SPDX-License-Identifier: Apache-2.0
#include "codec/publication.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/byte_reader.h"
#include "codec/properties.h"
#include "vector_sink.h"
#include "wire/any_packet.h"

namespace ringmq::codec {
namespace {

constexpr Instant kNow{1'000'000'000'000};

// What the encoder of single packets makes of the same content and shape.
std::vector<uint8_t> Expected(const MessageContent& content, const PublishShape& shape,
                              PacketId packet_id) {
  const std::string_view topic = content.topic.substr(shape.topic_skip_bytes);
  Publish publish{.topic = shape.omit_topic ? std::string_view{} : topic,
                  .payload = content.payload,
                  .qos = shape.qos,
                  .dup = shape.dup,
                  .retain = shape.retain,
                  .packet_id = packet_id,
                  .topic_alias = shape.topic_alias,
                  .properties = {content.forwardable},
                  .subscription_ids = shape.subscription_ids,
                  .has_hop_properties = content.filter_hop_properties};
  if (content.expires != Instant::Max()) {
    publish.message_expiry_s = static_cast<uint32_t>((content.expires - kNow).ns / kSecond.ns);
  }
  return wire::EncodeAny(publish, shape.version);
}

struct Case {
  PublishShape shape;
  PacketId packet_id;
};

// Every combination of version, QoS, retain, DUP, alias, subscription identifiers and how much of
// the topic is seen.
std::vector<Case> AllCases() {
  static constexpr uint32_t kIds[] = {1, 300, kSubscriptionIdMax};
  std::vector<Case> cases;
  for (const ProtocolVersion version : wire::kVersions) {
    for (int bits = 0; bits < 3 * 2 * 2 * 3 * 3 * 2; ++bits) {
      const auto qos = static_cast<Qos>(bits % 3);
      const int alias = bits / 12 % 3;
      const auto ids = static_cast<size_t>(bits / 36 % 3);
      const bool is_v5 = version == ProtocolVersion::kV5;
      PublishShape shape{.version = version, .qos = qos, .retain = bits / 3 % 2 != 0};
      shape.dup = bits / 6 % 2 != 0 && qos != Qos::kAtMostOnce;
      if (is_v5 && alias > 0) shape.topic_alias = static_cast<uint16_t>(7 + bits);
      shape.omit_topic = is_v5 && alias == 2;
      shape.topic_skip_bytes = bits / 108 != 0 ? 2 : 0;
      if (is_v5) shape.subscription_ids = std::span(kIds).first(ids == 2 ? 3 : ids);
      cases.push_back({shape, static_cast<PacketId>(qos == Qos::kAtMostOnce ? 0 : 1 + bits)});
    }
  }
  return cases;
}

// Every shape after every other, so that the frame kept from the last one is put to the test.
void CheckAllPairs(const MessageContent& content) {
  const std::vector<Case> cases = AllCases();
  PublicationScratch scratch;
  Publication publication(content, kNow, scratch);
  VectorSink sink;
  for (const Case& before : cases) {
    for (const Case& after : cases) {
      publication.Write(before.shape, before.packet_id, sink);
      sink.bytes.clear();
      const size_t size_bytes = publication.FrameSizeBytes(after.shape);
      publication.Write(after.shape, after.packet_id, sink);
      ASSERT_EQ(sink.bytes, Expected(content, after.shape, after.packet_id));
      ASSERT_EQ(sink.bytes.size(), size_bytes);
    }
  }
}

// [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
// [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]
TEST(Publication, WritesEveryShapeAfterEveryOther) {
  CheckAllPairs({.topic = "a/b", .payload = AsBytes("hello")});
  const auto list = wire::ParseBytes("02 0000003c 26 \"k\" \"v\" 23 0001 03 \"text\"");
  CheckAllPairs({.topic = "a/b",
                 .payload = AsBytes("hello"),
                 .forwardable = list,
                 .filter_hop_properties = true,
                 .expires = kNow + 60 * kSecond});
}

TEST(Publication, ReferencesLargePayloadsAndCopiesSmallOnes) {
  for (const size_t bytes : {size_t{0}, Publication::kPayloadReferenceBytesMin - 1,
                             Publication::kPayloadReferenceBytesMin, size_t{100'000}}) {
    const std::string payload(bytes, 'x');
    PublicationScratch scratch;
    const MessageContent content{.topic = "a/b", .payload = AsBytes(payload)};
    Publication publication(content, kNow, scratch);
    VectorSink sink;
    const PublishShape shape{.version = ProtocolVersion::kV5, .qos = Qos::kAtLeastOnce};
    EXPECT_EQ(publication.FrameSizeBytes(shape), Expected(content, shape, 5).size());
    publication.Write(shape, 5, sink);
    EXPECT_EQ(sink.payload_references, bytes >= Publication::kPayloadReferenceBytesMin ? 1 : 0);
    EXPECT_EQ(sink.bytes, Expected(content, shape, 5));
  }
}

// What remains of the interval, and never less than the whole seconds waited. [MQTT-3.3.2-6]
TEST(Publication, SendsWhatRemainsOfTheExpiryInterval) {
  const auto remaining = [](Duration left) {
    PublicationScratch scratch;
    Publication publication({.topic = "t", .expires = kNow + left}, kNow, scratch);
    VectorSink sink;
    publication.Write({.version = ProtocolVersion::kV5}, 0, sink);
    const auto decoded = wire::DecodeAny(sink.bytes, ProtocolVersion::kV5);
    return *std::get<Publish>(*decoded.packet).message_expiry_s;
  };
  EXPECT_EQ(remaining(10 * kSecond), 10u);
  EXPECT_EQ(remaining(10 * kSecond - kMillisecond), 10u);
  EXPECT_EQ(remaining(9 * kSecond + kNanosecond), 10u);
  EXPECT_EQ(remaining(9 * kSecond), 9u);
  EXPECT_EQ(remaining(kSecond * 0xffff'ffffLL), 0xffff'ffffu);
}

TEST(Publication, KnowsWhenItHasExpired) {
  PublicationScratch scratch;
  EXPECT_TRUE(Publication({.topic = "t", .expires = kNow}, kNow, scratch).expired());
  EXPECT_FALSE(Publication({.topic = "t", .expires = kNow + kNanosecond}, kNow, scratch).expired());
  EXPECT_FALSE(Publication(MessageContent{.topic = "t"}, kNow, scratch).expired());
}

TEST(Publication, KeepsOneMessageAndWritesTheSameFromIt) {
  const auto list = wire::ParseBytes("02 0000003c 26 \"k\" \"v\"");
  const MessageContent content{.topic = "a/b",
                               .payload = AsBytes("hello"),
                               .forwardable = list,
                               .filter_hop_properties = true};
  PublicationScratch scratch;
  Publication publication(content, kNow, scratch);
  const MessageRef kept = publication.Keep();
  EXPECT_EQ(publication.Keep(), kept);
  Publication again(kept, kNow, scratch);
  EXPECT_EQ(again.Keep(), kept);
  VectorSink sink;
  again.Write({.version = ProtocolVersion::kV5}, 0, sink);
  EXPECT_EQ(sink.bytes, Expected(content, {.version = ProtocolVersion::kV5}, 0));
}

TEST(PublicationDeathTest, InsistsOnPacketIdentifiersForQosOnly) {  // [MQTT-2.2.1-2] [MQTT-2.2.1-4]
  PublicationScratch scratch;
  Publication publication(MessageContent{.topic = "t"}, kNow, scratch);
  VectorSink sink;
  EXPECT_DEATH(publication.Write({.qos = Qos::kAtMostOnce}, 1, sink), "packet_id");
  EXPECT_DEATH(publication.Write({.qos = Qos::kAtLeastOnce}, 0, sink), "packet_id");
  EXPECT_DEATH(publication.Write({.dup = true}, 0, sink), "dup");  // [MQTT-3.3.1-2]
}

}  // namespace
}  // namespace ringmq::codec
