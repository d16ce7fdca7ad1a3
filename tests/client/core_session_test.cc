// Connecting, subscriptions, requests, authentication, the session store.
//
// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(ClientConnect, SaysWhatTheOptionsAskFor) {
  Options options;
  options.client_id = "gw7";
  options.has_username = true;
  options.username = "u";
  options.keep_alive_s = 17;
  options.session = SessionStart::kResume;
  options.session_expiry_s = 3600;
  options.receive_maximum = 9;
  options.topic_alias_maximum = 4;
  options.will = WillMessage{.topic = "gone", .payload = "x", .qos = Qos::kAtLeastOnce};
  options.will->delay_s = 5;
  options.connect_user_properties = {{"k", "v"}};
  options.request_problem_information = false;
  Script server(options);
  const codec::Connect connect = server.Greet();
  EXPECT_EQ(connect.client_id, "gw7");
  EXPECT_EQ(connect.username, "u");
  EXPECT_FALSE(connect.has_password);
  EXPECT_EQ(connect.keep_alive_s, 17);
  EXPECT_FALSE(connect.clean_start);
  EXPECT_EQ(connect.session_expiry_s, 3600u);
  EXPECT_EQ(connect.receive_maximum, 9);
  EXPECT_EQ(connect.topic_alias_maximum, 4);
  EXPECT_EQ(connect.will.topic, "gone");
  EXPECT_EQ(connect.will.delay_s, 5u);
  EXPECT_FALSE(connect.request_problem_information);
}

TEST(ClientConnect, SpeaksTheOlderVersions) {
  for (const ProtocolVersion version : {ProtocolVersion::kV31, ProtocolVersion::kV311}) {
    Options options;
    options.version = version;
    options.client_id = "c";
    Script server(options);
    const codec::Connect connect = server.Greet();
    EXPECT_EQ(connect.version, version);
    EXPECT_TRUE(connect.clean_start);
    server.Give(PacketType::kConnack, codec::Connack{});
    EXPECT_TRUE(server.core->is_up());
    const auto handle = server.Publish("a", "x");
    server.GiveAck(PacketType::kPuback, server.TakePublish().id);
    EXPECT_EQ(Script::OutcomeOf(handle), Outcome::kAcknowledged);
  }
}

TEST(ClientConnect, TellsWhyTheServerRefused) {
  Script server;
  codec::Connack connack;
  connack.reason = ReasonCode::kBadUserNameOrPassword;
  connack.reason_string = "no such user";
  server.Connect(connack);
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_TRUE(server.Silent());  // No DISCONNECT before CONNACK has accepted us.
  const Core::Ending ending = server.Drop();
  EXPECT_EQ(ending.cause.code(), Errc::kConnectionRefused);
  EXPECT_EQ(ending.cause.reason(), ReasonCode::kBadUserNameOrPassword);
  EXPECT_EQ(ending.reason_string, "no such user");
  EXPECT_FALSE(ending.cause.is_transient());
}

TEST(ClientConnect, RefusesASessionThatItDidNotAskFor) {  // [MQTT-3.2.2-4]
  Script server;
  codec::Connack connack;
  connack.session_present = true;
  server.Connect(connack);
  EXPECT_TRUE(server.core->wants_close());
}

TEST(ClientConnect, KeepsTheAssignedClientIdentifier) {
  Script server;
  codec::Connack connack;
  connack.assigned_client_id = "auto-1";
  server.Connect(connack);
  EXPECT_EQ(server.Find<Connected>()->client_id, "auto-1");
  server.Drop();
  EXPECT_EQ(server.Greet().client_id, "auto-1");
}

TEST(ClientConnect, ReportsTheServersDisconnect) {
  Script server;
  server.Connect();
  codec::Disconnect disconnect;
  disconnect.reason = ReasonCode::kUseAnotherServer;
  disconnect.server_reference = "other:1883";
  server.Give(PacketType::kDisconnect, disconnect);
  EXPECT_TRUE(server.core->wants_close());
  const Core::Ending ending = server.Drop();
  EXPECT_EQ(ending.cause.code(), Errc::kServerDisconnected);
  EXPECT_EQ(ending.server_reference, "other:1883");
}

// --- Subscriptions.

TEST(ClientSubscribe, ResolvesWithTheReasons) {
  Script server;
  server.Connect();
  const auto granted = server.Subscribe("a/+");
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("a/+"));
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  EXPECT_TRUE(granted.Poll()->ok());
  const auto refused = server.Subscribe("secret/#");
  server.TakeSubscribe();
  server.GiveSuback(server.last_id, {ReasonCode::kNotAuthorized});
  EXPECT_FALSE(refused.Poll()->ok());
  EXPECT_EQ(server.core->idle(), true);
}

TEST(ClientSubscribe, AsksAgainOnlyWhenTheSessionIsLost) {
  Options options;
  options.session_expiry_s = 60;
  Script server(options);
  server.Connect();
  for (const char* filter : {"keep", "refused", "gone"}) {
    server.Subscribe(filter);
    server.TakeSubscribe();
    server.GiveSuback(
        server.last_id,
        {std::string(filter) == "refused" ? ReasonCode::kNotAuthorized : ReasonCode::kGrantedQos1});
  }
  server.Unsubscribe("gone");
  server.last = server.Take();
  server.GiveUnsuback(static_cast<codec::PacketId>(server.last.body[0] << 8 | server.last.body[1]),
                      {ReasonCode::kSuccess});
  server.Drop();

  codec::Connack present;
  present.session_present = true;
  server.Connect(present);
  EXPECT_TRUE(server.Silent());
  server.Drop();
  server.Events();

  server.Connect();  // The server has forgotten us.
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("keep"));
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  EXPECT_THAT(server.Events(), ElementsAre("connected", "session lost", "resubscribed"));
}

TEST(ClientSubscribe, SendsAgainWhatWasNotAnswered) {
  Script server;
  server.Connect();
  const auto handle = server.Subscribe("a");
  server.TakeSubscribe();
  server.Drop();
  EXPECT_FALSE(handle.done());
  server.Connect();
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("a"));
  EXPECT_TRUE(server.Silent());
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  EXPECT_TRUE(handle.Poll()->ok());
}

TEST(ClientSubscribe, DoesNotAskForWhatTheServerSaidItCannot) {
  Script server;
  codec::Connack connack;
  connack.wildcard_subscription_available = false;
  server.Connect(connack);
  const auto handle = server.Subscribe("a/#");
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kInvalid);
  EXPECT_EQ(handle.Poll()->reasons.front(), ReasonCode::kWildcardSubscriptionsNotSupported);
}

TEST(ClientSubscribe, UnsubscribeOf311HasNoReasons) {
  Options options;
  options.version = ProtocolVersion::kV311;
  Script server(options);
  server.Connect();
  const auto handle = server.Unsubscribe("a");
  server.last = server.Take();
  server.GiveUnsuback(static_cast<codec::PacketId>(server.last.body[0] << 8 | server.last.body[1]),
                      {});
  EXPECT_TRUE(handle.Poll()->ok());
}

const UserProperties kTagged = {{"site", "north"}, {"site", ""}};

TEST(ClientSubscribe, UserPropertiesAreSentAndAskedForAgain) {
  Script server;
  server.Connect();
  server.Subscribe("plain");
  server.TakeSubscribe();
  EXPECT_THAT(server.LastUserProperties(), IsEmpty());
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  server.Subscribe("tagged", Qos::kAtLeastOnce, kTagged);
  server.TakeSubscribe();
  EXPECT_EQ(server.LastUserProperties(), kTagged);
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  server.Drop();
  server.Connect();
  // A packet for each list of properties.
  std::map<std::string, UserProperties> asked;
  for (int i = 0; i < 2; ++i) {
    const auto filters = server.TakeSubscribe();
    ASSERT_EQ(filters.size(), 1u);
    asked[filters.front()] = server.LastUserProperties();
    server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  }
  EXPECT_EQ(asked, (std::map<std::string, UserProperties>{{"plain", {}}, {"tagged", kTagged}}));
  server.Unsubscribe("tagged", kTagged);
  server.last = server.Take();
  EXPECT_EQ(server.LastUserProperties(), kTagged);
}

TEST(ClientSubscribe, UserPropertiesOn311AreLeftOutOrRefused) {
  for (const bool refuse : {false, true}) {
    Options options;
    options.version = ProtocolVersion::kV311;
    options.refuse_properties_on_v311 = refuse;
    Script server(options);
    server.Connect();
    const auto handle = server.Subscribe("a", Qos::kAtLeastOnce, kTagged);
    EXPECT_EQ(server.Silent(), refuse);
    EXPECT_EQ(handle.done(), refuse);
    if (refuse) {
      EXPECT_EQ(handle.Poll()->outcome, Outcome::kInvalid);
      EXPECT_EQ(server.Unsubscribe("a", kTagged).Poll()->outcome, Outcome::kInvalid);
    } else {
      EXPECT_THAT(server.TakeSubscribe(), ElementsAre("a"));
    }
  }
}

TEST(ClientDisconnect, SaysWhyAndWithWhatProperties) {
  Script server;
  server.Connect();
  server.Disconnect(Duration{}, {.reason = ReasonCode::kAdministrativeAction,
                                 .session_expiry_s = std::nullopt,
                                 .reason_string = "moving",
                                 .user_properties = kTagged});
  const codec::Disconnect goodbye = server.TakeDisconnect();
  EXPECT_EQ(goodbye.reason, ReasonCode::kAdministrativeAction);
  EXPECT_EQ(goodbye.reason_string, "moving");
  EXPECT_EQ(server.LastUserProperties(), kTagged);
}

TEST(ClientDisconnect, OlderVersionsHaveNoWordsForIt) {
  Options options;
  options.version = ProtocolVersion::kV311;
  Script server(options);
  server.Connect();
  server.Disconnect(Duration{}, {.reason_string = "moving", .user_properties = kTagged});
  EXPECT_EQ(server.Take().size_bytes, 2u);
}

// --- Request and response.

class ClientRequest : public ::testing::Test {
 protected:
  ReplyHandle Ask(Duration patience) {
    auto [promise, handle] = MakePending<Reply>(*server.attention);
    RequestCall call;
    call.topic = "service";
    call.payload = "question";
    call.deadline = server.now + patience;
    call.promise = std::move(promise);
    server.core->Request(std::move(call));
    server.Turn();
    return handle;
  }
  // Plays the service: answers the request that comes next.
  void Answer() {
    server.last = server.Take();
    const auto request =
        codec::DecodePublish(server.last.flags, server.last.body, ProtocolVersion::kV5);
    ASSERT_TRUE(request.ok());
    server.GiveAck(PacketType::kPuback, request->packet_id);
    std::vector<uint8_t> properties;
    codec::PropertyReader reader(request->properties);
    codec::Property property;
    while (reader.Next(property)) {
      if (property.id != codec::PropertyId::kCorrelationData) continue;
      codec::PropertyWriter(properties).Binary(property.id, AsBytes(property.text));
    }
    codec::Publish reply;
    reply.topic = request->response_topic;
    reply.payload = AsBytes("answer");
    reply.properties = {properties};
    server.GivePublish(reply);
  }
  Script server;
};

TEST_F(ClientRequest, WaitsForTheSubscriptionAndFindsItsAnswer) {
  server.Connect();
  server.Events();
  const auto first = Ask(10 * kSecond);
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("reply/0000000000000007"));
  EXPECT_TRUE(server.Silent());
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  Answer();
  ASSERT_TRUE(first.done());
  EXPECT_TRUE(first.Poll()->ok());
  EXPECT_EQ(first.Poll()->message.payload.view(), "answer");
  EXPECT_EQ(server.Find<Message>(), nullptr);  // Nobody else's business.
  const auto second = Ask(10 * kSecond);
  Answer();
  EXPECT_TRUE(second.Poll()->ok());
}

TEST_F(ClientRequest, EndsWhenNobodyAnswers) {
  server.Connect();
  const auto handle = Ask(3 * kSecond);
  server.TakeSubscribe();
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  server.GiveAck(PacketType::kPuback, server.TakePublish().id);
  server.Pass(3 * kSecond);
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kExpired);
}

TEST_F(ClientRequest, TellsThatTheRequestWasRefused) {
  server.Connect();
  const auto handle = Ask(3 * kSecond);
  server.TakeSubscribe();
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  server.GiveAck(PacketType::kPuback, server.TakePublish().id, ReasonCode::kNotAuthorized);
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kRefused);
  EXPECT_EQ(handle.Poll()->reason, ReasonCode::kNotAuthorized);
}

// --- Enhanced authentication.

class Echo final : public Authenticator {
 public:
  [[nodiscard]] std::string_view method() const override { return "ECHO"; }
  Expected<std::string> Start() override {
    if (refuses) return Error(Errc::kAuthenticationFailed, "no key");
    return std::string("hello");
  }
  Expected<std::string> Continue(std::string_view data) override {
    return "echo:" + std::string(data);
  }
  Expected<void> Finish(std::string_view data) override {
    if (data != "proof") return Error(Errc::kAuthenticationFailed, "the server is not who it says");
    return {};
  }
  bool refuses = false;
};

class ClientAuth : public ::testing::Test {
 protected:
  ClientAuth() {
    server.options.authenticator = &echo;
    server.End();
    server.Begin();
  }
  ~ClientAuth() override { server.End(); }
  void GiveAuth(ReasonCode reason, std::string_view data) {
    server.Give(PacketType::kAuth,
                codec::Auth{.reason = reason, .method = "ECHO", .data = AsBytes(data)});
  }
  codec::Connack Proof(std::string_view data) {
    codec::Connack connack;
    connack.authentication_method = "ECHO";
    connack.authentication_data = AsBytes(data);
    return connack;
  }
  Echo echo;
  Script server;
};

TEST_F(ClientAuth, ExchangesUntilTheServerHasProvedItself) {  // [MQTT-4.12.0-3]
  EXPECT_EQ(AsText(server.Greet().authentication_data), "hello");
  GiveAuth(ReasonCode::kContinueAuthentication, "nonce");
  server.last = server.Take();
  const auto auth = codec::DecodeAuth(server.last.body);
  EXPECT_EQ(AsText(auth->data), "echo:nonce");
  server.Give(PacketType::kConnack, Proof("proof"));
  EXPECT_TRUE(server.core->is_up());
  server.core->Reauthenticate();  // [MQTT-4.12.1-1]
  server.last = server.Take();
  EXPECT_EQ(codec::DecodeAuth(server.last.body)->reason, ReasonCode::kReauthenticate);
  GiveAuth(ReasonCode::kSuccess, "proof");
  EXPECT_FALSE(server.core->wants_close());
}

TEST_F(ClientAuth, LeavesAServerThatCannotProveItself) {
  server.Greet();
  server.Give(PacketType::kConnack, Proof("forged"));
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_EQ(server.Drop().cause.code(), Errc::kAuthenticationFailed);
}

// --- Session store.

class MapStore final : public SessionStore {
 public:
  struct Kept {
    StoredRecord record;
    std::string topic, payload, properties;
  };
  Expected<void> Load(const std::function<void(const StoredRecord&)>& visit) override {
    for (auto& [key, kept] : records) {
      kept.record.topic = kept.topic;
      kept.record.payload = kept.payload;
      kept.record.properties = kept.properties;
      visit(kept.record);
    }
    return {};
  }
  Expected<void> Put(const StoredRecord& record) override {
    if (fails) return Error(Errc::kStorageFailed, "disk full");
    Kept kept{.record = record,
              .topic = std::string(record.topic),
              .payload = std::string(record.payload),
              .properties = std::string(record.properties)};
    records[{record.kind == StoredRecord::Kind::kInbound, record.key}] = kept;
    return {};
  }
  Expected<void> Remove(StoredRecord::Kind kind, uint64_t key) override {
    records.erase({kind == StoredRecord::Kind::kInbound, key});
    return {};
  }
  Expected<void> Sync() override {
    ++syncs;
    return {};
  }
  std::map<std::pair<bool, uint64_t>, Kept> records;
  int syncs = 0;
  bool fails = false;
};

TEST(ClientStore, ContinuesInAnotherLife) {
  MapStore store;
  Options options;
  options.client_id = "c";
  options.session = SessionStart::kResume;
  options.session_expiry_s = 600;
  options.store = &store;
  codec::PacketId sent_id = 0;
  codec::PacketId received_id = 0;
  {
    Script first(options);
    first.Connect();
    first.Publish("a", "done");
    first.GiveAck(PacketType::kPuback, first.TakePublish().id);
    first.Publish("a", "sent");
    sent_id = first.TakePublish().id;
    first.Publish("a", "received", Qos::kExactlyOnce);
    received_id = first.TakePublish().id;
    first.GiveAck(PacketType::kPubrec, received_id);
    first.sink->full = true;
    first.Publish("a", "queued");
    codec::Publish inbound;
    inbound.topic = "b";
    inbound.qos = Qos::kExactlyOnce;
    inbound.packet_id = 44;
    first.GivePublish(inbound);
    first.NextBatch();
    EXPECT_EQ(store.records.size(), 4u);
    EXPECT_GT(store.syncs, 0);
  }
  Script second(options);
  codec::Connack present;
  present.session_present = true;
  second.Connect(present);
  EXPECT_EQ(second.TakeAck(PacketType::kPubrel).packet_id, received_id);
  const SentPublish again = second.TakePublish();
  EXPECT_EQ(again.payload, "sent");
  EXPECT_EQ(again.id, sent_id);
  EXPECT_TRUE(again.dup);
  const SentPublish queued = second.TakePublish();
  EXPECT_EQ(queued.payload, "queued");
  EXPECT_FALSE(queued.dup);
  second.Events();
  codec::Publish inbound;
  inbound.topic = "b";
  inbound.qos = Qos::kExactlyOnce;
  inbound.dup = true;
  inbound.packet_id = 44;
  second.GivePublish(inbound);
  EXPECT_THAT(second.Events(), IsEmpty());  // It was delivered in the first life.
  for (const codec::PacketId id : {sent_id, queued.id}) second.GiveAck(PacketType::kPuback, id);
  second.GiveAck(PacketType::kPubcomp, received_id);
  second.GiveAck(PacketType::kPubrel, 44);
  EXPECT_TRUE(store.records.empty());
  second.End();
}

TEST(ClientStore, EndsTheConnectionWhenItFails) {
  MapStore store;
  Options options;
  options.client_id = "c";
  options.store = &store;
  Script server(options);
  server.Connect();
  store.fails = true;
  server.Publish("a", "x");
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_EQ(server.Drop().cause.code(), Errc::kStorageFailed);
}

}  // namespace
}  // namespace ringmq::client
