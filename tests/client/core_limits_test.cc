// The server's Maximum Packet Size (5.0 s3.2.2.3.6): nothing larger is sent, and whoever asked for
// it hears both sizes. [MQTT-3.2.2-15]
//
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

codec::Connack Limit(uint32_t size_bytes) {
  codec::Connack connack;
  connack.maximum_packet_size = size_bytes;
  return connack;
}

// A SUBSCRIBE of one filter: 8 bytes besides it; an UNSUBSCRIBE: 7.
TEST(ClientPacketLimit, ASubscribeOfExactlyTheLimitIsSentAndOneAboveIsNot) {
  Script server;
  server.Connect(Limit(30));
  const auto fits = server.Subscribe(std::string(22, 'f'));
  EXPECT_THAT(server.TakeSubscribe(), SizeIs(1));
  EXPECT_EQ(server.last.size_bytes, 30u);
  EXPECT_FALSE(fits.done());

  const auto above = server.Subscribe(std::string(23, 'f'));
  EXPECT_TRUE(server.Silent());
  ASSERT_TRUE(above.done());
  EXPECT_EQ(above.Poll()->outcome, Outcome::kInvalid);
  EXPECT_THAT(above.Poll()->reasons, ElementsAre(ReasonCode::kPacketTooLarge));
  EXPECT_EQ(above.Poll()->reason_string, "a SUBSCRIBE of 31 bytes; the server takes 30");
  EXPECT_FALSE(server.core->wants_close());
}

TEST(ClientPacketLimit, HoldsForUnsubscribeToo) {
  Script server;
  server.Connect(Limit(30));
  const auto fits = server.Unsubscribe(std::string(23, 'f'));
  EXPECT_EQ(server.Take().size_bytes, 30u);
  EXPECT_FALSE(fits.done());
  const auto above = server.Unsubscribe(std::string(24, 'f'));
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(above.Poll()->reason_string, "an UNSUBSCRIBE of 31 bytes; the server takes 30");
}

TEST(ClientPacketLimit, CountsTheUserPropertiesOfASubscribe) {
  Script server;
  server.Connect(Limit(40));
  const auto above = server.Subscribe("a", Qos::kAtLeastOnce, {{"key", std::string(40, 'v')}});
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(above.Poll()->outcome, Outcome::kInvalid);
}

// What waits for an answer when the connection ends may not fit the next server.
TEST(ClientPacketLimit, EndsWhatTheNextServerDoesNotTake) {
  Script server;
  server.Connect();
  const auto handle = server.Subscribe(std::string(100, 'f'));
  server.TakeSubscribe();
  server.Drop();
  server.Connect(Limit(50));
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kInvalid);
}

TEST(ClientPacketLimit, CutsWhatIsAskedForAgainIntoPacketsThatFit) {
  constexpr size_t kFilters = 200;
  for (const uint32_t limit : {40u, 100u, 127u, 128u, 129u, 130u, 131u, 200u, 5000u, 0u}) {
    Script server;
    server.Connect();
    for (size_t i = 0; i < kFilters; ++i) {
      server.Subscribe("f/" + std::to_string(i) + std::string(i % 25, 'x'));
      server.TakeSubscribe();
      server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
    }
    server.Drop();
    server.NextBatch();
    server.Connect(Limit(limit));
    std::set<std::string> again;
    size_t packets = 0;
    size_t bytes = 0;
    while (!server.Silent()) {
      const std::vector<std::string> filters = server.TakeSubscribe();
      EXPECT_LE(server.last.size_bytes, limit == 0 ? SIZE_MAX : limit);
      again.insert(filters.begin(), filters.end());
      server.GiveSuback(server.last_id,
                        std::vector<ReasonCode>(filters.size(), ReasonCode::kGrantedQos1));
      ++packets;
      bytes += server.last.size_bytes;
    }
    EXPECT_THAT(again, SizeIs(kFilters)) << limit;
    EXPECT_TRUE(server.core->idle());
    // And not one by one: at least half full on the average.
    EXPECT_GE(bytes * 2, packets * (limit < 1000 ? limit : 0)) << limit;
  }
}

TEST(ClientPacketLimit, TellsWhichRememberedFiltersThisServerCannotTake) {
  Script server;
  server.Connect();
  const std::string large(100, 'f');
  for (const std::string& filter : {std::string("small"), large, std::string("wild/#")}) {
    server.Subscribe(filter);
    server.TakeSubscribe();
    server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  }
  server.Drop();
  server.NextBatch();
  codec::Connack connack = Limit(50);
  connack.wildcard_subscription_available = false;
  server.Connect(connack);
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("small"));
  const auto* const refused = server.Find<Resubscribed>();
  ASSERT_NE(refused, nullptr);
  EXPECT_THAT(refused->filters, ElementsAre(large, "wild/#"));
  EXPECT_THAT(refused->reasons, ElementsAre(ReasonCode::kPacketTooLarge,
                                            ReasonCode::kWildcardSubscriptionsNotSupported));
  EXPECT_THAT(server.Events(), ElementsAre("connected", "session lost", "resubscribed"));
  // As any that is refused they are forgotten.
  server.Drop();
  server.Connect();
  EXPECT_THAT(server.TakeSubscribe(), ElementsAre("small"));
  EXPECT_TRUE(server.Silent());
}

TEST(ClientPacketLimit, APublishSaysBothSizes) {
  Script server;
  server.Connect(Limit(50));
  const auto handle = server.Publish("a", std::string(60, 'x'), Qos::kAtMostOnce);
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kInvalid);
  EXPECT_EQ(handle.Poll()->reason, ReasonCode::kPacketTooLarge);
  EXPECT_EQ(handle.Poll()->reason_string, "a PUBLISH of 66 bytes; the server takes 50");
}

// A server that took it before and now takes less.
TEST(ClientPacketLimit, APublishThatIsSentAgainSaysBothSizes) {
  Options options;
  options.session_expiry_s = 60;
  Script server(options);
  server.Connect();
  const auto handle = server.Publish("a", std::string(60, 'x'));
  server.TakePublish();
  server.Drop();
  codec::Connack connack = Limit(50);
  connack.session_present = true;
  server.Connect(connack);
  EXPECT_TRUE(server.Silent());
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kRefused);
  EXPECT_THAT(handle.Poll()->reason_string, HasSubstr("the server takes 50"));
}

// [MQTT-3.14.2-3] [MQTT-3.14.2-4]
TEST(ClientPacketLimit, AGoodbyeLeavesOutWhatWouldMakeItTooLarge) {
  const UserProperties tagged = {{"key", std::string(30, 'v')}};
  const struct {
    uint32_t limit;
    bool has_reason_string;
    bool has_properties;
  } cases[] = {{200, true, true}, {30, true, false}, {10, false, false}};
  for (const auto& one : cases) {
    Script server;
    server.Connect(Limit(one.limit));
    server.Disconnect(Duration{}, {.reason = ReasonCode::kAdministrativeAction,
                                   .session_expiry_s = std::nullopt,
                                   .reason_string = "moving",
                                   .user_properties = tagged});
    const codec::Disconnect goodbye = server.TakeDisconnect();
    EXPECT_LE(server.last.size_bytes, one.limit);
    EXPECT_EQ(goodbye.reason, ReasonCode::kAdministrativeAction);
    EXPECT_EQ(goodbye.reason_string, one.has_reason_string ? "moving" : "");
    EXPECT_EQ(server.LastUserProperties(), one.has_properties ? tagged : UserProperties());
  }
}

class Talkative final : public Authenticator {
 public:
  [[nodiscard]] std::string_view method() const override { return "M"; }
  Expected<std::string> Start() override { return std::string(size, 'x'); }
  Expected<std::string> Continue(std::string_view) override { return std::string(size, 'x'); }
  Expected<void> Finish(std::string_view) override { return {}; }
  size_t size = 1;
};

TEST(ClientPacketLimit, AnAuthThatIsTooLargeEndsTheConnectionAndSaysSo) {
  Talkative talkative;
  Options options;
  options.authenticator = &talkative;
  Script server(options);
  codec::Connack connack = Limit(50);
  connack.authentication_method = "M";
  server.Connect(connack);
  talkative.size = 100;
  server.core->Reauthenticate();
  server.Turn();
  EXPECT_EQ(server.Take().type, PacketType::kDisconnect);
  EXPECT_TRUE(server.core->wants_close());
  const Core::Ending ending = server.Drop();
  EXPECT_EQ(ending.cause.code(), Errc::kPacketTooLarge);
  EXPECT_THAT(ending.cause.detail(), HasSubstr("the server takes 50"));
}

}  // namespace
}  // namespace ringmq::client
