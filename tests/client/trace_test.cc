// Options::trace_packets: every packet in either direction, of every type.
//
// SPDX-License-Identifier: Apache-2.0
#include "script.h"

namespace ringmq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kNames[] = {"?",         "CONNECT",  "CONNACK",     "PUBLISH",
                                  "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
                                  "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
                                  "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH"};

struct Traced {
  explicit Traced(Options with = {}) : server(Tracing(std::move(with))) {}

  static Options Tracing(Options options) {
    options.trace_packets = true;
    return options;
  }
  // "> CONNECT", "< SUBACK 1", ...; other events by name. The batch ends.
  std::vector<std::string> Take() {
    std::vector<std::string> lines;
    for (Event& event : server.core->events()) {
      if (const auto* sent = event.get<PacketSent>()) {
        lines.push_back(Line("> ", sent->type, sent->packet_id));
        sent_bytes += sent->size_bytes;
      } else if (const auto* received = event.get<PacketReceived>()) {
        lines.push_back(Line("< ", received->type, received->packet_id));
        received_bytes += received->size_bytes;
      } else {
        lines.emplace_back(NameOf(event));
      }
    }
    server.NextBatch();
    return lines;
  }
  static std::string Line(const char* arrow, PacketType type, uint16_t id) {
    std::string line = arrow + std::string(kNames[static_cast<size_t>(type) & 15]);
    return id == 0 ? line : line + " " + std::to_string(id);
  }

  Script server;
  size_t sent_bytes = 0;
  size_t received_bytes = 0;
};

TEST(ClientTrace, TellsOfEveryPacketInOrder) {
  Traced client({.session_expiry_s = 60, .keep_alive_s = 10});
  Script& server = client.server;
  server.Connect();
  EXPECT_THAT(client.Take(), ElementsAre("< CONNACK", "connected", "> CONNECT"));

  server.Subscribe("a/#");
  server.GiveSuback(1, {ReasonCode::kGrantedQos1});
  EXPECT_THAT(client.Take(), ElementsAre("> SUBSCRIBE 1", "< SUBACK 1", "subscribe done"));
  server.Unsubscribe("a/#");
  server.GiveUnsuback(2, {ReasonCode::kSuccess});
  EXPECT_THAT(client.Take(), ElementsAre("> UNSUBSCRIBE 2", "< UNSUBACK 2", "subscribe done"));

  server.Publish("a", "x", Qos::kAtMostOnce);
  server.Publish("a", "x", Qos::kAtLeastOnce);
  server.GiveAck(PacketType::kPuback, 3);
  EXPECT_THAT(client.Take(), ElementsAre("> PUBLISH", "> PUBLISH 3", "< PUBACK 3"));
  server.Publish("a", "x", Qos::kExactlyOnce);
  server.GiveAck(PacketType::kPubrec, 4);
  server.GiveAck(PacketType::kPubcomp, 4);
  EXPECT_THAT(client.Take(), ElementsAre("> PUBLISH 4", "< PUBREC 4", "> PUBREL 4", "< PUBCOMP 4"));

  server.GivePublish({.topic = "in"});
  server.GivePublish({.topic = "in", .qos = Qos::kAtLeastOnce, .packet_id = 70});
  EXPECT_THAT(client.Take(), ElementsAre("< PUBLISH", "message", "< PUBLISH 70", "message"));
  server.GivePublish({.topic = "in", .qos = Qos::kExactlyOnce, .packet_id = 500});
  EXPECT_THAT(client.Take(), ElementsAre("> PUBACK 70", "< PUBLISH 500", "message"));
  server.GiveAck(PacketType::kPubrel, 500);
  EXPECT_THAT(client.Take(), ElementsAre("> PUBREC 500", "< PUBREL 500", "> PUBCOMP 500"));

  server.Pass(10 * kSecond);
  server.GiveBytes({0xd0, 0x00});
  EXPECT_THAT(client.Take(), ElementsAre("> PINGREQ", "< PINGRESP"));
  server.Give(PacketType::kDisconnect, codec::Disconnect{.reason = ReasonCode::kServerBusy});
  EXPECT_THAT(client.Take(), ElementsAre("< DISCONNECT"));

  // Nothing is left out, and the sizes are those of whole packets.
  EXPECT_EQ(client.sent_bytes, server.sink->bytes.size());
  size_t given_bytes = 0;
  for (const auto& frame : server.frames) given_bytes += frame.size();
  EXPECT_EQ(client.received_bytes, given_bytes);
}

// What makes no sense was received all the same, and is there to be looked at.
TEST(ClientTrace, TellsOfPacketsThatEndTheConnection) {
  Traced client;
  Script& server = client.server;
  server.Connect();
  client.Take();
  server.GiveBytes({0x40, 0x01, 0x00});  // A PUBACK without a whole identifier.
  EXPECT_THAT(client.Take(), ElementsAre("< PUBACK", "> DISCONNECT"));
  server.Drop();
  server.Connect();
  client.Take();
  server.GiveBytes({0x32, 0x03, 0xff, 0xff, 'a'});  // A topic that would end elsewhere.
  EXPECT_THAT(client.Take(), ElementsAre("< PUBLISH", "> DISCONNECT"));
}

TEST(ClientTrace, SaysNothingUnlessAskedTo) {
  Script server;
  server.Connect();
  EXPECT_THAT(server.Events(), ElementsAre("connected"));
  server.Publish("a", "x", Qos::kAtLeastOnce);
  server.GiveAck(PacketType::kPuback, 1);
  EXPECT_THAT(server.Events(), IsEmpty());
}

}  // namespace
}  // namespace ringmq::client
