// Random packets, encoded and decoded: the same again. Goes from values to bytes, where the corpus
// and the fuzz targets go from bytes to values. Seeds are fixed.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

#include "codec/properties.h"
#include "wire/any_packet.h"

namespace ringmq::wire {
namespace {

using namespace codec;  // NOLINT: every line below is of it.

// Makes packets; owns what they view.
class Generator {
 public:
  Generator(uint32_t seed, ProtocolVersion version) : random_(seed), version_(version) {}

  AnyPacket Make(uint32_t type) {
    switch (type % 11) {
      case 0:
        return Ping{Flip() ? PacketType::kPingreq : PacketType::kPingresp};
      case 1:
        return MakeConnect();
      case 2:
        return MakeConnack();
      case 3:
        return MakePublish();
      case 4:
        return MakeAck();
      case 5:
        return MakeSubscribe();
      case 6:
        return MakeSuback();
      case 7:
        return MakeUnsubscribe();
      case 8:
        return MakeUnsuback();
      case 9:
        return MakeDisconnect();
      default:
        return is_v5() ? AnyPacket(MakeAuth()) : AnyPacket(Ping{});
    }
  }

 private:
  [[nodiscard]] bool is_v5() const { return version_ == ProtocolVersion::kV5; }
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  uint32_t Word() { return static_cast<uint32_t>(random_()); }
  bool Flip() { return Below(2) == 0; }
  PacketId Id() { return static_cast<PacketId>(1 + Below(65535)); }

  // Mostly short; sometimes around the size where the length takes another byte.
  std::string_view Text(uint32_t size_min = 0) {
    static constexpr std::string_view kCharacters[] = {"a", "Z", "/", "é", "€", "\U0001F600", " "};
    const uint32_t size = size_min + Below(Below(20) == 0 ? 200 : 12);
    std::string text;
    while (text.size() < size) text += kCharacters[Below(7)];
    return texts_.emplace_back(std::move(text));
  }
  Bytes Data() {
    std::string data;
    for (uint32_t left = Below(Below(20) == 0 ? 20'000 : 20); left > 0; --left) {
      data += static_cast<char>(random_());
    }
    return AsBytes(texts_.emplace_back(std::move(data)));
  }
  PropertyList UserProperties() {
    if (!is_v5()) return {};
    auto& list = lists_.emplace_back();
    PropertyWriter writer(list);
    for (uint32_t left = Below(3); left > 0; --left) writer.UserProperty(Text(), Text());
    return {list};
  }
  PropertyList MessageProperties() {
    if (!is_v5()) return {};
    auto& list = lists_.emplace_back();
    PropertyWriter writer(list);
    if (Flip()) writer.Number(PropertyId::kPayloadFormat, Below(2));
    if (Flip()) writer.Text(PropertyId::kContentType, Text());
    if (Flip()) writer.Text(PropertyId::kResponseTopic, Text(1));
    if (Flip()) writer.Binary(PropertyId::kCorrelationData, Data());
    if (Flip()) writer.UserProperty(Text(), Text());
    return {list};
  }

  Connect MakeConnect() {
    Connect packet{.version = version_, .clean_start = Flip(), .has_will = Flip()};
    packet.has_username = Flip();
    packet.has_password = packet.has_username && Flip();
    packet.keep_alive_s = static_cast<uint16_t>(random_());
    packet.client_id = Text(1);
    if (packet.has_username) packet.username = Text();
    if (packet.has_password) packet.password = Data();
    if (packet.has_will) {
      packet.will = {.topic = Text(1),
                     .payload = Data(),
                     .qos = static_cast<Qos>(Below(3)),
                     .retain = Flip(),
                     .properties = MessageProperties()};
      if (is_v5()) packet.will.delay_s = Below(3);
      if (is_v5() && Flip()) packet.will.message_expiry_s = Word();
    }
    if (!is_v5()) return packet;
    packet.session_expiry_s = Word();
    packet.receive_maximum = Id();
    packet.maximum_packet_size = Word();
    packet.topic_alias_maximum = static_cast<uint16_t>(Below(5));
    packet.request_response_information = Flip();
    packet.request_problem_information = Flip();
    packet.has_authentication_method = Flip();
    if (packet.has_authentication_method) {
      packet.authentication_method = Text();
      packet.authentication_data = Data();
    }
    packet.properties = UserProperties();
    return packet;
  }

  Connack MakeConnack() {
    Connack packet{.reason = Flip() ? ReasonCode::kSuccess : ReasonCode::kNotAuthorized};
    packet.session_present =
        version_ != ProtocolVersion::kV31 && !IsFailure(packet.reason) && Flip();
    if (!is_v5()) return packet;
    if (Flip()) packet.session_expiry_s = Word();
    packet.receive_maximum = Id();
    packet.maximum_qos = static_cast<Qos>(Below(3));
    packet.retain_available = Flip();
    packet.maximum_packet_size = Below(3);
    packet.assigned_client_id = Text();
    packet.topic_alias_maximum = static_cast<uint16_t>(Below(5));
    packet.wildcard_subscription_available = Flip();
    packet.subscription_identifiers_available = Flip();
    packet.shared_subscription_available = Flip();
    if (Flip()) packet.server_keep_alive_s = static_cast<uint16_t>(random_());
    packet.response_information = Text();
    packet.server_reference = Text();
    packet.authentication_method = Text();
    packet.authentication_data = Data();
    packet.reason_string = Text();
    packet.properties = UserProperties();
    return packet;
  }

  Publish MakePublish() {
    Publish packet{.payload = Data(), .qos = static_cast<Qos>(Below(3)), .retain = Flip()};
    if (packet.qos != Qos::kAtMostOnce) packet.packet_id = Id();
    packet.dup = packet.packet_id != 0 && Flip();
    packet.properties = MessageProperties();
    if (is_v5() && Flip()) packet.topic_alias = Id();
    if (is_v5() && Flip()) packet.message_expiry_s = Word();
    packet.topic = packet.topic_alias != 0 && Flip() ? std::string_view{} : Text(1);
    // The decoder fills these from the list.
    PropertyReader reader(packet.properties);
    Property property;
    while (reader.Next(property)) {
      if (property.id == PropertyId::kPayloadFormat) {
        packet.payload_format = static_cast<uint8_t>(property.number);
      }
      if (property.id == PropertyId::kResponseTopic) {
        packet.has_response_topic = true;
        packet.response_topic = property.text;
      }
    }
    return packet;
  }

  TypedAck MakeAck() {
    TypedAck packet{static_cast<PacketType>(4 + Below(4)), {.packet_id = Id()}};
    if (!is_v5()) return packet;
    const bool is_release = packet.type >= PacketType::kPubrel;
    if (Flip()) {
      packet.ack.reason =
          is_release ? ReasonCode::kPacketIdentifierNotFound : ReasonCode::kQuotaExceeded;
    }
    packet.ack.reason_string = Text();
    packet.ack.properties = UserProperties();
    return packet;
  }

  Subscribe MakeSubscribe() {
    Subscribe packet{
        .packet_id = Id(), .properties = UserProperties(), .filter_count = 1 + Below(4)};
    if (is_v5()) packet.subscription_id = Below(kSubscriptionIdMax + 1);
    auto& filters = lists_.emplace_back();
    for (uint32_t i = 0; i < packet.filter_count; ++i) {
      SubscriptionOptions options{.qos = static_cast<Qos>(Below(3))};
      if (is_v5()) {
        options.no_local = Flip();
        options.retain_as_published = Flip();
        options.retain_handling = static_cast<RetainHandling>(Below(3));
      }
      AppendSubscription(Text(1), options, version_, filters);
    }
    packet.filters = filters;
    return packet;
  }

  Unsubscribe MakeUnsubscribe() {
    Unsubscribe packet{
        .packet_id = Id(), .properties = UserProperties(), .filter_count = 1 + Below(4)};
    auto& filters = lists_.emplace_back();
    for (uint32_t i = 0; i < packet.filter_count; ++i) AppendFilter(Text(1), filters);
    packet.filters = filters;
    return packet;
  }

  Suback MakeSuback() {
    static constexpr ReasonCode kReasons[] = {ReasonCode::kSuccess, ReasonCode::kGrantedQos1,
                                              ReasonCode::kGrantedQos2,
                                              ReasonCode::kUnspecifiedError};
    Suback packet;
    packet.packet_id = Id();
    packet.reasons = std::span(kReasons).first(1 + Below(4));
    if (is_v5()) packet.reason_string = Text();
    packet.properties = UserProperties();
    return packet;
  }

  Unsuback MakeUnsuback() {
    static constexpr ReasonCode kReasons[] = {ReasonCode::kNoSubscriptionExisted,
                                              ReasonCode::kSuccess};
    Unsuback packet;
    packet.packet_id = Id();
    if (!is_v5()) return packet;
    packet.reasons = std::span(kReasons).first(1 + Below(2));
    packet.reason_string = Text();
    packet.properties = UserProperties();
    return packet;
  }

  Disconnect MakeDisconnect() {
    if (!is_v5()) return {};
    Disconnect packet{.reason = Flip() ? ReasonCode::kSuccess : ReasonCode::kServerBusy};
    if (Flip()) packet.session_expiry_s = Word();
    packet.reason_string = Text();
    packet.server_reference = Text();
    packet.properties = UserProperties();
    return packet;
  }

  Auth MakeAuth() {
    return {.reason = ReasonCode::kContinueAuthentication,
            .method = Text(),
            .data = Data(),
            .reason_string = Text(),
            .properties = UserProperties()};
  }

  std::mt19937 random_;
  ProtocolVersion version_;
  std::deque<std::string> texts_;
  std::deque<std::vector<uint8_t>> lists_;
};

TEST(RoundTrip, GivesEveryFieldBack) {
  for (const ProtocolVersion version : kVersions) {
    for (uint32_t seed = 0; seed < 11'000; ++seed) {
      Generator generator(seed, version);
      const AnyPacket packet = generator.Make(seed);
      const std::vector<uint8_t> bytes = EncodeAny(packet, version);
      const AnyDecoded decoded = DecodeAny(bytes, version);
      ASSERT_EQ(NameOf(decoded.verdict), "good") << "seed " << seed;
      ASSERT_EQ(Describe(*decoded.packet, version), Describe(packet, version)) << "seed " << seed;
      ASSERT_EQ(EncodeAny(*decoded.packet, version), bytes) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ringmq::wire
