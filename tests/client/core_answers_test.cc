// What the server says with its answers besides a reason code: reason strings and user properties.
// The packets are written by hand, since our own encoders have no user properties there.
//
// SPDX-License-Identifier: Apache-2.0
#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

static_assert(sizeof(AnswerProperties) == sizeof(void*), "there is one for every publish");

std::string Text(std::string_view text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size())} +
         std::string(text);
}

// A list with its length: a reason string, then one name twice and another in between.
std::string Said() {
  const std::string list = "\x1f" + Text("because") + "\x26" + Text("k") + Text("1") + "\x26" +
                           Text("other") + Text("2") + "\x26" + Text("k") + Text("3");
  return static_cast<char>(list.size()) + list;
}
const std::string kNothing(1, '\0');

std::string Id(codec::PacketId id) {
  return {static_cast<char>(id >> 8), static_cast<char>(id & 0xff)};
}

void Give(Script& server, uint8_t type_and_flags, const std::string& body) {
  std::vector<uint8_t> bytes = {type_and_flags, static_cast<uint8_t>(body.size())};
  bytes.insert(bytes.end(), body.begin(), body.end());
  server.GiveBytes(bytes);
}

template <typename Answer>
void ExpectSaid(const Answer& answer) {
  EXPECT_EQ(answer.reason_string, "because");
  EXPECT_THAT(answer.user_properties.list(),
              ElementsAre(Pair("k", "1"), Pair("other", "2"), Pair("k", "3")));
}

TEST(ClientAnswers, AcknowledgementsOfPublishesBringTheirProperties) {
  Script server;
  server.Connect();
  const auto taken = server.Publish("a", "x");
  Give(server, 0x40, Id(server.TakePublish().id) + std::string(1, '\x10') + Said());
  EXPECT_EQ(Script::OutcomeOf(taken), Outcome::kAcknowledged);
  EXPECT_EQ(taken.Poll()->reason, ReasonCode::kNoMatchingSubscribers);
  ExpectSaid(*taken.Poll());

  const auto refused = server.Publish("a", "x", Qos::kExactlyOnce);
  Give(server, 0x50, Id(server.TakePublish().id) + '\x97' + Said());
  EXPECT_EQ(Script::OutcomeOf(refused), Outcome::kRefused);
  ExpectSaid(*refused.Poll());

  const auto completed = server.Publish("a", "x", Qos::kExactlyOnce);
  const codec::PacketId id = server.TakePublish().id;
  server.GiveAck(PacketType::kPubrec, id);
  Give(server, 0x70, Id(id) + kNothing + Said());
  EXPECT_EQ(Script::OutcomeOf(completed), Outcome::kCompleted);
  ExpectSaid(*completed.Poll());
}

TEST(ClientAnswers, WithReasonsThatWereNotAskedForEndTheConnection) {  // 5.0 s3.1.2.11.7
  Options options;
  options.request_problem_information = false;
  Script server(options);
  server.Connect();
  const auto taken = server.Publish("a", "x");
  server.GiveAck(PacketType::kPuback, server.TakePublish().id);
  EXPECT_EQ(Script::OutcomeOf(taken), Outcome::kAcknowledged);
  EXPECT_FALSE(server.core->wants_close());

  const auto another = server.Publish("a", "x");
  Give(server, 0x40, Id(server.TakePublish().id) + std::string(1, '\x10') + Said());
  EXPECT_TRUE(server.core->wants_close());
  EXPECT_FALSE(another.done());
}

TEST(ClientAnswers, WithoutPropertiesThereIsNothing) {
  Script server;
  server.Connect();
  const auto handle = server.Publish("a", "x");
  server.GiveAck(PacketType::kPuback, server.TakePublish().id);
  EXPECT_TRUE(handle.Poll()->user_properties.empty());
  EXPECT_THAT(handle.Poll()->user_properties.list(), IsEmpty());
}

TEST(ClientAnswers, SubackAndUnsubackBringTheirProperties) {
  Script server;
  server.Connect();
  const auto subscribed = server.Subscribe("a");
  server.TakeSubscribe();
  Give(server, 0x90, Id(server.last_id) + Said() + '\x01');
  ASSERT_TRUE(subscribed.done());
  ExpectSaid(*subscribed.Poll());

  const auto unsubscribed = server.Unsubscribe("a");
  const auto packet = codec::DecodeUnsubscribe(server.Take().body, ProtocolVersion::kV5);
  ASSERT_TRUE(packet.ok());
  Give(server, 0xb0, Id(packet->packet_id) + Said() + '\x11');
  ASSERT_TRUE(unsubscribed.done());
  EXPECT_THAT(unsubscribed.Poll()->reasons, ElementsAre(ReasonCode::kNoSubscriptionExisted));
  ExpectSaid(*unsubscribed.Poll());
}

TEST(ClientAnswers, TheOnesToWhatIsAskedForAgainAreInTheEvent) {
  Options options;
  options.client_id = "c";
  options.session = SessionStart::kResume;
  Script server(options);
  server.Connect();
  (void)server.Subscribe("a");
  server.TakeSubscribe();
  server.GiveSuback(server.last_id, {ReasonCode::kGrantedQos1});
  server.Drop();
  server.NextBatch();
  server.Connect();
  server.TakeSubscribe();
  Give(server, 0x90, Id(server.last_id) + Said() + '\x01');
  const auto* const again = server.Find<Resubscribed>();
  ASSERT_NE(again, nullptr);
  EXPECT_THAT(again->filters, ElementsAre("a"));
  ExpectSaid(*again);
}

TEST(ClientAnswers, DisconnectAndRefusalBringTheirProperties) {
  Script server;
  server.Connect();
  Give(server, 0xe0, '\x8b' + Said());
  ExpectSaid(server.Drop());
  // And not a second time.
  server.Connect();
  EXPECT_TRUE(server.Drop().user_properties.empty());

  server.Greet();
  Give(server, 0x20, kNothing + '\x87' + Said());
  ExpectSaid(server.Drop());
}

TEST(ClientAnswers, CopiesOfPropertiesAreTheirOwn) {
  AnswerProperties one(UserProperties{{"a", "b"}});
  const AnswerProperties copy = one;
  one = AnswerProperties();
  EXPECT_TRUE(one.empty());
  EXPECT_THAT(copy.list(), ElementsAre(Pair("a", "b")));
  EXPECT_TRUE(AnswerProperties(UserProperties{}).empty());
}

}  // namespace
}  // namespace ringmq::client
