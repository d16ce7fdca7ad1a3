// What the owner of an embedded broker hears about clients.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "broker/embed_fixture.h"
#include "ringmq/broker.h"

namespace ringmq {
namespace {

using testing_support::OnePort;
using testing_support::Peer;
using testing_support::StartOrDie;

// One line an event, so that a sequence can be compared at a glance.
struct Words {
  std::string operator()(const ClientConnected& e) const {
    return "connected " + e.client_id + " " + e.username + (e.session_present ? " again" : "");
  }
  std::string operator()(const ClientDisconnected& e) const {
    static constexpr const char* kBy[] = {"client", "server", "network"};
    return "disconnected " + e.client_id + " " + kBy[static_cast<int>(e.by)] + " " +
           std::to_string(static_cast<int>(e.reason));
  }
  std::string operator()(const ClientSubscribed& e) const {
    return "subscribed " + e.client_id + " " + e.filter + " " +
           std::to_string(static_cast<int>(e.qos));
  }
  std::string operator()(const ClientUnsubscribed& e) const {
    return "unsubscribed " + e.client_id + " " + e.filter;
  }
  std::string operator()(const MessageDropped& e) const {
    return "dropped " + e.client_id + " " + e.topic + " " + std::to_string(static_cast<int>(e.why));
  }
};

// Waits for so many.
std::vector<std::string> Next(Broker& broker, size_t count) {
  std::vector<std::string> lines;
  while (lines.size() < count) {
    const std::vector<BrokerEvent> events = broker.PollEvents(std::chrono::seconds(10));
    if (events.empty()) break;
    for (const BrokerEvent& event : events) lines.push_back(std::visit(Words(), event));
  }
  return lines;
}

using Lines = std::vector<std::string>;

BrokerOptions WithEvents(uint32_t events_max = 100) {
  BrokerOptions options = OnePort();
  options.events_max = events_max;
  return options;
}

TEST(EmbeddedEvents, ComeInTheOrderOfTheClientsLife) {
  Broker broker = StartOrDie(WithEvents());
  {
    Peer peer(broker.ports()[0], "ann");
    peer.Subscribe("t/#", 1);
    peer.Unsubscribe("t/#");
    peer.Disconnect();
    EXPECT_EQ(Next(broker, 4), (Lines{"connected ann ", "subscribed ann t/# 1",
                                      "unsubscribed ann t/#", "disconnected ann client 0"}));
  }
}

TEST(EmbeddedEvents, NameThePeer) {
  Broker broker = StartOrDie(WithEvents());
  const Peer peer(broker.ports()[0], "ann");
  const std::vector<BrokerEvent> events = broker.PollEvents(std::chrono::seconds(10));
  ASSERT_EQ(events.size(), 1u);
  const auto& connected = std::get<ClientConnected>(events[0]);
  EXPECT_EQ(connected.peer.rfind("127.0.0.1:", 0), 0u) << connected.peer;
  EXPECT_EQ(connected.version, ProtocolVersion::kV5);
}

TEST(EmbeddedEvents, SayWhoEndedAConnection) {
  Broker broker = StartOrDie(WithEvents());
  {
    const Peer lost(broker.ports()[0], "lost");
    EXPECT_EQ(Next(broker, 1), (Lines{"connected lost "}));
  }
  EXPECT_EQ(Next(broker, 1), (Lines{"disconnected lost network 128"}));
  const Peer first(broker.ports()[0], "twin");
  const Peer second(broker.ports()[0], "twin");
  EXPECT_EQ(Next(broker, 3),
            (Lines{"connected twin ", "disconnected twin server 142", "connected twin "}));
  broker.Stop();
  EXPECT_EQ(Next(broker, 1), (Lines{"disconnected twin server 139"}));
}

TEST(EmbeddedEvents, SayWhichMessageWasDropped) {
  BrokerOptions options = WithEvents();
  options.retained_messages_max = 1;
  options.threads =
      1;  // On several, the second may reach its core before the first reaches its own.
  Broker broker = StartOrDie(std::move(options));
  Peer peer(broker.ports()[0], "ann");
  EXPECT_EQ(Next(broker, 1), (Lines{"connected ann "}));
  peer.Publish("kept", "x", 1, true);
  peer.Publish("not kept", "x", 1, true);
  peer.Publish("$SYS/mine", "x", 1);
  const Lines lines = Next(broker, 2);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "dropped  not kept 8"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "dropped ann $SYS/mine 6"), 1);
}

TEST(EmbeddedEvents, AreCountedWhenNobodyTakesThem) {
  Broker broker = StartOrDie(WithEvents(4));
  Peer peer(broker.ports()[0], "ann");
  for (int i = 0; i < 5; ++i) peer.Subscribe("t", 0);
  for (int i = 0; i < 5; ++i) peer.Publish("$SYS/mine", "x", 1);
  EXPECT_EQ(broker.PollEvents().size(), 4u);
  EXPECT_EQ(broker.events_lost(), 7u);
}

TEST(EmbeddedEvents, LeaveRoomForOthersWhenMessagesAreDropped) {
  Broker broker = StartOrDie(WithEvents(4));
  Peer peer(broker.ports()[0], "ann");
  for (int i = 0; i < 5; ++i) peer.Publish("$SYS/mine", "x", 1);
  peer.Subscribe("t", 0);
  EXPECT_EQ(Next(broker, 3),
            (Lines{"connected ann ", "dropped ann $SYS/mine 6", "subscribed ann t 0"}));
}

TEST(EmbeddedEvents, WakeWhoeverWaitsWhenTheBrokerStops) {
  Broker broker = StartOrDie(WithEvents());
  std::thread waiter([&broker] { EXPECT_TRUE(broker.PollEvents(std::chrono::hours(1)).empty()); });
  broker.Stop();
  waiter.join();
}

}  // namespace
}  // namespace ringmq
