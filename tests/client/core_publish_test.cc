// What becomes of a publish: windows, answers, resending, losing the session, expiry, leaving.
//
// SPDX-License-Identifier: Apache-2.0
#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;

TEST(ClientPublish, ResolvesByQosWithReasonCodes) {
  Script server;
  server.Connect();
  const auto zero = server.Publish("a", "x", Qos::kAtMostOnce);
  const auto one = server.Publish("b", "y", Qos::kAtLeastOnce);
  const auto two = server.Publish("c", "z", Qos::kExactlyOnce);

  EXPECT_EQ(server.TakePublish().topic, "a");
  EXPECT_FALSE(zero.done());
  server.core->OnWritten(1'000'000);
  EXPECT_EQ(Script::OutcomeOf(zero), Outcome::kWritten);

  const SentPublish sent_one = server.TakePublish();
  EXPECT_EQ(sent_one.qos, Qos::kAtLeastOnce);
  server.GiveAck(PacketType::kPuback, sent_one.id, ReasonCode::kNoMatchingSubscribers);
  EXPECT_EQ(Script::OutcomeOf(one), Outcome::kAcknowledged);
  EXPECT_EQ(one.Poll()->reason, ReasonCode::kNoMatchingSubscribers);

  const SentPublish sent_two = server.TakePublish();
  server.GiveAck(PacketType::kPubrec, sent_two.id);
  EXPECT_EQ(server.TakeAck(PacketType::kPubrel).packet_id, sent_two.id);
  EXPECT_FALSE(two.done());
  server.GiveAck(PacketType::kPubcomp, sent_two.id);
  EXPECT_EQ(Script::OutcomeOf(two), Outcome::kCompleted);
  EXPECT_TRUE(server.core->idle());
}

TEST(ClientPublish, KeepsToTheServersReceiveMaximum) {  // [MQTT-4.9.0-1]
  Script server;
  codec::Connack connack;
  connack.receive_maximum = 2;
  server.Connect(connack);
  for (int i = 0; i < 5; ++i) server.Publish("a", std::to_string(i));
  const SentPublish first = server.TakePublish();
  EXPECT_EQ(server.TakePublish().payload, "1");
  EXPECT_TRUE(server.Silent());
  server.GiveAck(PacketType::kPuback, first.id);
  EXPECT_EQ(server.TakePublish().payload, "2");
  EXPECT_TRUE(server.Silent());
}

TEST(ClientPublish, SendsAgainWithDupInOrderAfterAReconnect) {  // [MQTT-4.4.0-1] [MQTT-3.3.1-1]
  Script server;
  server.options.session_expiry_s = 60;
  server.Connect();
  const auto first = server.Publish("a", "1");
  const auto second = server.Publish("a", "2", Qos::kExactlyOnce);
  const auto third = server.Publish("a", "3");
  const codec::PacketId first_id = server.TakePublish().id;
  const codec::PacketId second_id = server.TakePublish().id;
  const codec::PacketId third_id = server.TakePublish().id;
  server.Drop();
  EXPECT_FALSE(first.done());

  codec::Connack present;
  present.session_present = true;
  EXPECT_FALSE(server.Greet().clean_start);
  server.Give(PacketType::kConnack, present);
  for (const auto& [id, payload] :
       {std::pair(first_id, "1"), std::pair(second_id, "2"), std::pair(third_id, "3")}) {
    const SentPublish again = server.TakePublish();
    EXPECT_TRUE(again.dup);
    EXPECT_EQ(again.id, id);
    EXPECT_EQ(again.payload, payload);
  }
  server.GiveAck(PacketType::kPuback, first_id);
  EXPECT_EQ(Script::OutcomeOf(first), Outcome::kAcknowledged);
  // Once only: the late answer to the first sending changes nothing.
  server.GiveAck(PacketType::kPuback, first_id);
  EXPECT_TRUE(server.core->is_up());
  EXPECT_FALSE(server.core->wants_close());
  server.core->Audit();
}

// Found by the simulation: what was published after a resume went out twice.
TEST(ClientPublish, SendsOnceWhatIsPublishedAfterAResume) {
  Script server;
  server.options.session_expiry_s = 60;
  server.Connect();
  server.Drop();
  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  server.Publish("a", "1");
  EXPECT_FALSE(server.TakePublish().dup);
  server.Turn();
  EXPECT_TRUE(server.Silent());
  server.core->Audit();
}

TEST(ClientPublish, ResumesWithPubrelAfterPubrec) {  // [MQTT-4.3.3-6]
  Script server;
  server.options.session_expiry_s = 60;
  server.Connect();
  const auto handle = server.Publish("a", "1", Qos::kExactlyOnce);
  const codec::PacketId id = server.TakePublish().id;
  server.GiveAck(PacketType::kPubrec, id);
  server.TakeAck(PacketType::kPubrel);
  server.Drop();
  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  EXPECT_EQ(server.TakeAck(PacketType::kPubrel).packet_id, id);
  EXPECT_TRUE(server.Silent());
  // The server had finished before. Found by the simulation: this was taken for a refusal.
  server.GiveAck(PacketType::kPubcomp, id, ReasonCode::kPacketIdentifierNotFound);
  EXPECT_EQ(Script::OutcomeOf(handle), Outcome::kCompleted);
}

TEST(ClientPublish, PublishesAgainWhenTheSessionIsLost) {
  Script server;
  server.Connect();
  codec::Connack narrow;
  const auto sent = server.Publish("a", "sent");
  server.TakePublish();
  server.Drop();
  const auto unsent = server.Publish("a", "unsent");
  server.Events();
  server.Connect();
  EXPECT_THAT(server.Events(), ElementsAre("connected", "session lost"));
  const SentPublish first = server.TakePublish();
  EXPECT_EQ(first.payload, "sent");
  EXPECT_FALSE(first.dup);  // New to this server.
  EXPECT_EQ(server.TakePublish().payload, "unsent");
  EXPECT_FALSE(sent.done());
  EXPECT_FALSE(unsent.done());
}

TEST(ClientPublish, GivesUpWhatWasSentWhenToldSo) {
  Options options;
  options.session_loss = SessionLoss::kGiveUp;
  Script server(options);
  server.Connect();
  const auto sent = server.Publish("a", "sent");
  server.TakePublish();
  server.Drop();
  const auto unsent = server.Publish("a", "unsent");
  server.Connect();
  EXPECT_EQ(Script::OutcomeOf(sent), Outcome::kSessionLost);
  EXPECT_EQ(server.TakePublish().payload, "unsent");
  EXPECT_TRUE(server.Silent());
  const auto* lost = server.Find<SessionLost>();
  ASSERT_NE(lost, nullptr);
  EXPECT_EQ(lost->given_up, 1u);
}

// A thousand refusals leave no slot behind. [MQTT-4.9.0-2]
TEST(ClientPublish, FailingPubrecsFreeTheWindow) {
  Options options;
  options.in_flight_max = 10;
  Script server(options);
  server.Connect();
  for (int i = 0; i < 1000; ++i) {
    const auto handle = server.Publish("a", "x", Qos::kExactlyOnce);
    server.GiveAck(PacketType::kPubrec, server.TakePublish().id, ReasonCode::kQuotaExceeded);
    EXPECT_EQ(Script::OutcomeOf(handle), Outcome::kRefused);
    EXPECT_EQ(handle.Poll()->reason, ReasonCode::kQuotaExceeded);
  }
  EXPECT_EQ(server.core->sender().in_flight(), 0u);
  server.core->Audit();
}

TEST(ClientPublish, FailingPubcompFreesTheWindow) {
  Options options;
  options.in_flight_max = 1;
  Script server(options);
  server.Connect();
  for (int i = 0; i < 10; ++i) {
    const auto handle = server.Publish("a", "x", Qos::kExactlyOnce);
    const codec::PacketId id = server.TakePublish().id;
    server.GiveAck(PacketType::kPubrec, id);
    server.TakeAck(PacketType::kPubrel);
    server.GiveAck(PacketType::kPubcomp, id, ReasonCode::kPacketIdentifierNotFound);
    EXPECT_EQ(Script::OutcomeOf(handle), Outcome::kRefused);
  }
  EXPECT_EQ(server.core->sender().in_flight(), 0u);
}

TEST(ClientPublish, AnswersAnUnknownPubrec) {
  Script server;
  server.Connect();
  server.GiveAck(PacketType::kPubrec, 77);
  EXPECT_EQ(server.TakeAck(PacketType::kPubrel).reason, ReasonCode::kPacketIdentifierNotFound);
  EXPECT_FALSE(server.core->wants_close());
}

// An identifier that is in use is never given out again, however long its answer takes.
TEST(ClientPublish, NeverGivesAnIdentifierTwice) {  // [MQTT-2.2.1-3]
  PacketIds ids;
  std::vector<bool> given(65'536);
  for (int i = 0; i < 65'535; ++i) {
    const codec::PacketId id = ids.Take();
    ASSERT_NE(id, 0);
    ASSERT_FALSE(given[id]);
    given[id] = true;
  }
  EXPECT_EQ(ids.Take(), 0);
  ids.Return(40'000);
  EXPECT_EQ(ids.Take(), 40'000);
  EXPECT_EQ(ids.Take(), 0);
}

// One answer that never comes stops neither the others nor, by growing for ever, the client.
TEST(ClientPublish, AnAnswerThatNeverComesHoldsUpNoOther) {
  Options options;
  options.in_flight_max = 2;
  Script server(options);
  server.Connect();
  server.Publish("slow", "x");
  const codec::PacketId slow = server.TakePublish().id;
  int sent = 0;
  for (; sent < 70'000; ++sent) {
    server.Publish("a", "x");
    if (server.Silent()) break;
    server.GiveAck(PacketType::kPuback, server.TakePublish().id);
    server.sink->bytes.clear();
    server.read = 0;
    server.frames.clear();
    server.core->BeginBatch();
  }
  EXPECT_GE(sent, 59'000);
  EXPECT_LT(sent, 65'535);
  server.GiveAck(PacketType::kPuback, slow);
  EXPECT_FALSE(server.Silent());
  server.core->Audit();
}

TEST(ClientPublish, WaitsWhileTheOutputIsFull) {
  Script server;
  server.Connect();
  server.sink->full = true;
  server.Publish("a", "1");
  EXPECT_TRUE(server.Silent());
  server.sink->full = false;
  server.Turn();
  EXPECT_EQ(server.TakePublish().payload, "1");
}

TEST(ClientPublish, CountsExpiryDownWhileItWaits) {
  Script server;
  const auto late = server.Publish("a", "late", Qos::kAtLeastOnce, server.now + 2 * kSecond);
  const auto good = server.Publish("a", "good", Qos::kAtLeastOnce, server.now + 60 * kSecond);
  EXPECT_EQ(server.core->next_deadline(), server.now + 2 * kSecond);
  server.Pass(10 * kSecond);
  EXPECT_EQ(Script::OutcomeOf(late), Outcome::kExpired);
  server.Connect();
  const SentPublish sent = server.TakePublish();
  EXPECT_EQ(sent.payload, "good");
  ASSERT_TRUE(sent.expiry_s.has_value());
  EXPECT_EQ(*sent.expiry_s, 50u);
  EXPECT_FALSE(good.done());
}

TEST(ClientPublish, CancelsOnlyWhatWasNotSent) {
  Script server;
  const auto first = server.Publish("a", "1");
  const auto second = server.Publish("a", "2");
  EXPECT_TRUE(server.core->Cancel(second.identity()));
  EXPECT_EQ(Script::OutcomeOf(second), Outcome::kCancelled);
  server.Connect();
  EXPECT_EQ(server.TakePublish().payload, "1");
  EXPECT_TRUE(server.Silent());
  EXPECT_FALSE(server.core->Cancel(first.identity()));
}

TEST(ClientPublish, DropsTheOldestThatWasNotSent) {
  Options options;
  options.outbound.messages = 2;
  options.outbound.overflow = Overflow::kDropOldest;
  Script server(options);
  const auto first = server.Publish("a", "1");
  const auto second = server.Publish("a", "2");
  const auto third = server.Publish("a", "3");
  EXPECT_EQ(Script::OutcomeOf(first), Outcome::kOverflow);
  EXPECT_FALSE(second.done());
  EXPECT_FALSE(third.done());
  server.core->Audit();
}

TEST(ClientPublish, DropsTheOldestAtQos0Only) {
  Options options;
  options.outbound.messages = 2;
  options.outbound.overflow = Overflow::kDropOldestQos0;
  Script server(options);
  const auto first = server.Publish("a", "1", Qos::kAtLeastOnce);
  const auto second = server.Publish("a", "2", Qos::kAtMostOnce);
  const auto third = server.Publish("a", "3", Qos::kAtLeastOnce);
  EXPECT_FALSE(first.done());
  EXPECT_EQ(Script::OutcomeOf(second), Outcome::kOverflow);
  EXPECT_FALSE(third.done());
  server.core->Audit();
}

TEST(ClientPublish, RefusesHereWhatTheServerCannotTake) {
  Script server;
  codec::Connack connack;
  connack.maximum_qos = Qos::kAtMostOnce;
  connack.maximum_packet_size = 50;
  server.Connect(connack);
  const auto qos = server.Publish("a", "x");                                      // [MQTT-3.2.2-11]
  const auto size = server.Publish("a", std::string(60, 'x'), Qos::kAtMostOnce);  // [MQTT-3.2.2-15]
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(Script::OutcomeOf(qos), Outcome::kInvalid);
  EXPECT_EQ(qos.Poll()->reason, ReasonCode::kQosNotSupported);
  EXPECT_EQ(size.Poll()->reason, ReasonCode::kPacketTooLarge);
}

TEST(ClientPublish, UsesAliasesAndForgetsThemWithTheConnection) {  // [MQTT-3.3.2-7]
  Script server;
  codec::Connack connack;
  connack.topic_alias_maximum = 1;
  server.Connect(connack);
  server.Publish("topic/one", "1", Qos::kAtMostOnce);
  server.Publish("topic/one", "2", Qos::kAtMostOnce);
  SentPublish sent = server.TakePublish();
  EXPECT_EQ(sent.topic, "topic/one");
  EXPECT_EQ(sent.alias, 1);
  sent = server.TakePublish();
  EXPECT_EQ(sent.topic, "");
  EXPECT_EQ(sent.alias, 1);
  server.Publish("topic/two", "3",
                 Qos::kAtMostOnce);  // The table is full: it takes the alias over.
  sent = server.TakePublish();
  EXPECT_EQ(sent.topic, "topic/two");
  server.Drop();
  server.Connect(connack);
  server.Publish("topic/two", "4", Qos::kAtMostOnce);
  EXPECT_EQ(server.TakePublish().topic, "topic/two");
}

TEST(ClientPublish, DrainsTenThousandBeforeDisconnect) {
  Script server;
  server.Connect();
  std::vector<PublishHandle> handles;
  for (int i = 0; i < 10'000; ++i) handles.push_back(server.Publish("a", std::to_string(i)));
  const auto leaving = server.Disconnect(60 * kSecond);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(leaving.done());
    server.GiveAck(PacketType::kPuback, server.TakePublish().id);
  }
  server.TakeDisconnect();
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(Script::OutcomeOf(leaving), Outcome::kWritten);
  for (const auto& handle : handles) ASSERT_EQ(Script::OutcomeOf(handle), Outcome::kAcknowledged);
  server.Drop();
  EXPECT_TRUE(server.core->stopped());
}

TEST(ClientPublish, LeavesWhenDrainingTakesTooLong) {
  Script server;
  server.Connect();
  const auto stuck = server.Publish("a", "x");
  server.TakePublish();
  const auto leaving = server.Disconnect(5 * kSecond);
  EXPECT_TRUE(server.Silent());
  server.Pass(5 * kSecond);
  server.TakeDisconnect();
  EXPECT_EQ(Script::OutcomeOf(leaving), Outcome::kExpired);
  server.Drop();
  server.End();
  EXPECT_EQ(Script::OutcomeOf(stuck), Outcome::kShutdown);
}

TEST(ClientPublish, ResolvesEverythingWhenTheLoopDies) {
  Script server;
  server.Connect();
  const std::vector<PublishHandle> handles = {server.Publish("a", "0", Qos::kAtMostOnce),
                                              server.Publish("a", "1", Qos::kAtLeastOnce),
                                              server.Publish("a", "2", Qos::kExactlyOnce)};
  const auto subscribed = server.Subscribe("x/#");
  server.End();
  EXPECT_EQ(Script::OutcomeOf(handles[0]), Outcome::kNeverSent);
  EXPECT_EQ(Script::OutcomeOf(handles[1]), Outcome::kShutdown);
  EXPECT_EQ(Script::OutcomeOf(handles[2]), Outcome::kShutdown);
  EXPECT_EQ(subscribed.Poll()->outcome, Outcome::kShutdown);
}

TEST(ClientHandle, CallsBackWhenDoneAndWhenAlreadyDone) {
  Script server;
  server.Connect();
  const auto handle = server.Publish("a", "x");
  int calls = 0;
  handle.OnComplete([&](const Delivery& delivery) { calls += delivery.ok() ? 1 : 100; });
  EXPECT_EQ(calls, 0);
  server.GiveAck(PacketType::kPuback, server.TakePublish().id);
  EXPECT_EQ(calls, 1);
  handle.OnComplete([&](const Delivery&) { ++calls; });
  EXPECT_EQ(calls, 2);
}

TEST(ClientHandle, RefusesToWaitOnTheLoopsThread) {
  Script server;
  server.attention->loop_thread = std::this_thread::get_id();
  server.Connect();
  const auto handle = server.Publish("a", "x");
  const auto waited = handle.Wait(std::chrono::hours(1));
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.error().code(), Errc::kDeadlock);
}

// PUBLISH, SUBSCRIBE and UNSUBSCRIBE share their identifiers, also when the counter starts again
// from one. [MQTT-2.2.1-3]
TEST(ClientPublish, SharesPacketIdentifiersWithSubscriptions) {
  constexpr uint32_t kIds = 65'535;
  constexpr uint32_t kPublishes = 60'000;  // The window leaves some for subscriptions.
  Script server({.in_flight_max = kIds});
  server.Connect();
  std::vector<PublishHandle> handles;
  for (uint32_t id = 1; id <= kPublishes; ++id) {
    handles.push_back(server.Publish("a", ""));
    ASSERT_EQ(server.TakePublish().id, id);
  }
  for (uint32_t id = kPublishes + 1; id <= kIds; ++id) {
    server.Subscribe("a");
    server.TakeSubscribe();
    ASSERT_EQ(server.last_id, id);
  }
  // The next one would be 1, which a publish has.
  server.Unsubscribe("a");
  EXPECT_TRUE(server.Silent());
  server.GiveAck(PacketType::kPuback, 1);
  EXPECT_EQ(server.Take().type, PacketType::kUnsubscribe);
  server.GiveUnsuback(1, {ReasonCode::kSuccess});
  // And what that has returned, a publish gets.
  server.Publish("a", "");
  EXPECT_EQ(server.TakePublish().id, 1);
}

}  // namespace
}  // namespace ringmq::client
