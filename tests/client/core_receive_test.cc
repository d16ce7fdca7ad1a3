// What comes from the server: messages, acknowledgements by hand, aliases, keep alive, bad input.
//
// SPDX-License-Identifier: Apache-2.0
#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

codec::Publish At(Qos qos, codec::PacketId id, std::string_view topic = "a") {
  codec::Publish publish;
  publish.topic = topic;
  publish.qos = qos;
  publish.packet_id = id;
  return publish;
}

TEST(ClientReceive, AcknowledgesWhenTheBatchIsDone) {
  Script server;
  server.Connect();
  server.GivePublish(At(Qos::kAtLeastOnce, 5));
  EXPECT_TRUE(server.Silent());
  server.NextBatch();
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 5);
}

TEST(ClientReceive, DeliversExactlyOnce) {  // [MQTT-4.3.3-10]
  Script server;
  server.options.session_expiry_s = 60;
  server.Connect();
  server.Events();
  server.GivePublish(At(Qos::kExactlyOnce, 5));
  EXPECT_THAT(server.Events(), ElementsAre("message"));
  server.TakeAck(PacketType::kPubrec);
  // It comes again on a new connection: the identifier was not forgotten.
  server.Drop();
  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  server.Events();
  codec::Publish again = At(Qos::kExactlyOnce, 5);
  again.dup = true;
  server.GivePublish(again);
  EXPECT_THAT(server.Events(), IsEmpty());
  EXPECT_EQ(server.TakeAck(PacketType::kPubrec).packet_id, 5);
  server.GiveAck(PacketType::kPubrel, 5);
  EXPECT_EQ(server.TakeAck(PacketType::kPubcomp).reason, ReasonCode::kSuccess);
  server.GivePublish(At(Qos::kExactlyOnce, 5));  // Free again: a new message.
  EXPECT_THAT(server.Events(), ElementsAre("message"));
}

// The connection dies in the very turn that brought the message, before it is acknowledged.
TEST(ClientReceive, DeliversExactlyOnceThoughTheAcknowledgementCameTooLate) {
  Script server;
  server.options.session_expiry_s = 60;
  server.Connect();
  server.Events();
  server.GivePublish(At(Qos::kExactlyOnce, 5));
  server.Drop();
  EXPECT_THAT(server.Events(), ElementsAre("message"));
  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  server.Events();
  codec::Publish again = At(Qos::kExactlyOnce, 5);
  again.dup = true;
  server.GivePublish(again);
  EXPECT_THAT(server.Events(), IsEmpty());
  EXPECT_EQ(server.TakeAck(PacketType::kPubrec).packet_id, 5);
}

class ByHand : public ::testing::Test {
 protected:
  static Options Manual() {
    Options options;
    options.acks = Acks::kManual;
    options.receive_maximum = 3;
    options.session_expiry_s = 60;
    return options;
  }
  Ack Deliver(Qos qos, codec::PacketId id) {
    server.NextBatch();
    server.GivePublish(At(qos, id));
    Message* const message = server.Find<Message>();
    EXPECT_NE(message, nullptr);
    return message == nullptr ? Ack() : message->TakeAck();
  }
  // As the loop does with what the hub brings.
  void Pump() {
    for (const auto& [ticket, reason] : server.acks->sent) server.core->Acknowledge(ticket, reason);
    server.acks->sent.clear();
    for (const uint64_t ticket : server.acks->released) server.core->Abandon(ticket);
    server.acks->released.clear();
    server.Turn();
  }
  Script server{Manual()};
};

TEST_F(ByHand, RestoresTheOrderOfAcknowledgements) {  // [MQTT-4.6.0-2]
  server.Connect();
  std::vector<Ack> acks;
  for (codec::PacketId id = 1; id <= 3; ++id) acks.push_back(Deliver(Qos::kAtLeastOnce, id));
  acks[2].Send();
  acks[1].Send();
  Pump();
  EXPECT_TRUE(server.Silent());
  acks[0].Send(ReasonCode::kQuotaExceeded);
  Pump();
  codec::Ack ack = server.TakeAck(PacketType::kPuback);
  EXPECT_EQ(ack.packet_id, 1);
  EXPECT_EQ(ack.reason, ReasonCode::kQuotaExceeded);
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 2);
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 3);
}

TEST_F(ByHand, GivesOneAcknowledgementHoweverOftenTheMessageIsCopied) {
  server.Connect();
  server.NextBatch();
  server.GivePublish(At(Qos::kAtLeastOnce, 1));
  Message* const original = server.Find<Message>();
  ASSERT_NE(original, nullptr);
  Message copy = *original;
  EXPECT_EQ(copy.topic(), original->topic());
  EXPECT_FALSE(copy.TakeAck());
  Message moved = std::move(*original);
  EXPECT_FALSE(original->TakeAck());  // NOLINT(bugprone-use-after-move): that is the contract.
  Ack ack = moved.TakeAck();
  EXPECT_TRUE(ack);
  EXPECT_FALSE(moved.TakeAck());
  ack.Send();
  Pump();
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 1);
}

TEST_F(ByHand, ClosesTheWindowAtReceiveMaximum) {
  EXPECT_EQ(server.Greet().receive_maximum, 3);
  server.Give(PacketType::kConnack, codec::Connack{});
  std::vector<Ack> acks;
  for (codec::PacketId id = 1; id <= 3; ++id) acks.push_back(Deliver(Qos::kAtLeastOnce, id));
  server.GivePublish(At(Qos::kAtLeastOnce, 4));  // A server that does not count.
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_EQ(server.TakeDisconnect().reason, ReasonCode::kReceiveMaximumExceeded);
  for (Ack& ack : acks) ack.Release();
}

TEST_F(ByHand, DropsAnAcknowledgementOfAnEarlierConnection) {
  server.Connect();
  Ack stale = Deliver(Qos::kAtLeastOnce, 1);
  server.Drop();
  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  stale.Send();
  Pump();
  EXPECT_TRUE(server.Silent());
  // The same identifier on the new connection is another message.
  Ack fresh = Deliver(Qos::kAtLeastOnce, 1);
  EXPECT_TRUE(server.Silent());
  fresh.Send();
  Pump();
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 1);
}

TEST_F(ByHand, RefusesAtQos2AndForgetsTheIdentifier) {
  server.Connect();
  Deliver(Qos::kExactlyOnce, 9).Send(ReasonCode::kNotAuthorized);
  Pump();
  EXPECT_EQ(server.TakeAck(PacketType::kPubrec).reason, ReasonCode::kNotAuthorized);
  Ack again = Deliver(Qos::kExactlyOnce, 9);
  EXPECT_TRUE(again);
  again.Send();
  Pump();
  EXPECT_EQ(server.TakeAck(PacketType::kPubrec).reason, ReasonCode::kSuccess);
}

TEST_F(ByHand, ReportsAnUnusedAcknowledgement) {
  server.Connect();
  { Ack dropped = Deliver(Qos::kAtLeastOnce, 1); }
  EXPECT_EQ(server.acks->unused.size(), 1u);
  server.NextBatch();
  server.GivePublish(At(Qos::kAtLeastOnce, 2));
  server.NextBatch();  // Not taken at all.
  EXPECT_EQ(server.acks->unused.size(), 2u);
}

TEST_F(ByHand, AReleasedOneDoesNotHoldUpTheOthers) {
  server.Connect();
  Ack first = Deliver(Qos::kAtLeastOnce, 1);
  Ack second = Deliver(Qos::kAtLeastOnce, 2);
  second.Send();
  Pump();
  EXPECT_TRUE(server.Silent());
  first.Release();
  Pump();
  EXPECT_EQ(server.TakeAck(PacketType::kPuback).packet_id, 2);
  EXPECT_TRUE(server.Silent());
}

TEST(ClientReceive, ExpandsAliasesBeforeAnybodySeesThem) {
  Script server;
  server.Connect();
  server.Events();
  codec::Publish publish = At(Qos::kAtMostOnce, 0, "long/topic/name");
  publish.topic_alias = 3;
  server.GivePublish(publish);
  publish.topic = "";
  server.GivePublish(publish);
  publish.topic = "another";
  server.GivePublish(publish);  // The alias is given anew within the batch.
  std::vector<std::string> topics;
  for (const Event& event : server.core->events()) {
    topics.emplace_back(event.get<Message>()->topic());
  }
  EXPECT_THAT(topics, ElementsAre("long/topic/name", "long/topic/name", "another"));
  server.Drop();
  server.Connect();
  publish.topic = "";
  server.GivePublish(publish);  // Nobody has set it on this connection.
  EXPECT_TRUE(server.core->wants_close());
}

TEST(ClientReceive, RefusesAliasesAboveItsMaximum) {
  Options options;
  options.topic_alias_maximum = 2;
  Script server(options);
  server.Connect();
  codec::Publish publish = At(Qos::kAtMostOnce, 0);
  publish.topic_alias = 3;
  server.GivePublish(publish);
  EXPECT_EQ(server.TakeDisconnect().reason, ReasonCode::kTopicAliasInvalid);
}

TEST(ClientReceive, NamesSizeAndLimitOfAPacketThatIsTooLarge) {
  Options options;
  options.incoming_packet_bytes_max = 100;
  Script server(options);
  EXPECT_EQ(server.Greet().maximum_packet_size, 100u);
  server.Give(PacketType::kConnack, codec::Connack{});
  codec::Publish publish = At(Qos::kAtMostOnce, 0);
  const std::string payload(200, 'x');
  publish.payload = AsBytes(payload);
  server.GivePublish(publish);
  EXPECT_EQ(server.TakeDisconnect().reason, ReasonCode::kPacketTooLarge);
  const Core::Ending ending = server.Drop();
  EXPECT_EQ(ending.cause.code(), Errc::kPacketTooLarge);
  EXPECT_THAT(ending.cause.detail(), HasSubstr("207 bytes"));
  EXPECT_THAT(ending.cause.detail(), HasSubstr("100"));
}

TEST(ClientReceive, EndsOnMalformedAndUnexpectedPackets) {
  const std::vector<std::vector<uint8_t>> hostile = {
      {0x00, 0x00},                          // No such type.
      {0x10, 0x00},                          // CONNECT from a server.
      {0x20, 0x03, 0x00, 0x00, 0x00},        // CONNACK again.
      {0x30, 0x01, 0x00},                    // PUBLISH cut short.
      {0x36, 0x00},                          // QoS 3.
      {0x40, 0x00},                          // PUBACK without an identifier.
      {0x90, 0x04, 0x00, 0x63, 0x00, 0x00},  // SUBACK for nothing.
      {0xd0, 0x01, 0x00},                    // PINGRESP with a body.
      {0xf0, 0x00},                          // AUTH that nobody asked for.
  };
  for (const auto& bytes : hostile) {
    Script server;
    server.Connect();
    server.GiveBytes(bytes);
    EXPECT_TRUE(server.core->wants_close()) << int{bytes[0]};
    const Core::Ending ending = server.Drop();
    EXPECT_TRUE(ending.cause.code() == Errc::kMalformedPacket ||
                ending.cause.code() == Errc::kProtocolError);
  }
}

TEST(ClientKeepAlive, PingsAfterSilenceAndGivesUp) {  // [MQTT-3.1.2-20]
  Options options;
  options.keep_alive_s = 10;
  Script server(options);
  server.Connect();
  EXPECT_EQ(server.core->next_deadline(), server.now + 10 * kSecond);
  server.Pass(6 * kSecond);
  server.Publish("a", "x", Qos::kAtMostOnce);  // Speaking puts it off.
  server.TakePublish();
  server.Pass(6 * kSecond);
  EXPECT_TRUE(server.Silent());
  server.Pass(4 * kSecond);
  EXPECT_EQ(server.Take().type, PacketType::kPingreq);
  server.GiveBytes({0xd0, 0x00});
  server.Pass(10 * kSecond);
  EXPECT_EQ(server.Take().type, PacketType::kPingreq);
  server.Pass(10 * kSecond);
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_EQ(server.TakeDisconnect().reason, ReasonCode::kKeepAliveTimeout);
  EXPECT_EQ(server.Drop().cause.code(), Errc::kKeepAliveTimedOut);
}

TEST(ClientKeepAlive, TakesTheServersWord) {  // [MQTT-3.2.2-21]
  Script server;
  codec::Connack connack;
  connack.server_keep_alive_s = 3;
  server.Connect(connack);
  EXPECT_EQ(server.core->next_deadline(), server.now + 3 * kSecond);
  EXPECT_EQ(server.Find<Connected>()->limits.keep_alive_s, 3);
}

}  // namespace
}  // namespace ringmq::client
