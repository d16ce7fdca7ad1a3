// Clients without a socket: what they send and get, what they have to wait for, how they end.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "broker/embed_fixture.h"
#include "ringmq/broker.h"

namespace ringmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::OnePort;
using testing_support::Peer;
using testing_support::Received;
using testing_support::StartOrDie;

constexpr seconds kPatience{10};

Link OpenOrDie(Broker& broker, LinkOptions options = {}) {
  auto link = broker.OpenLink(std::move(options));
  EXPECT_TRUE(link.ok()) << (link.ok() ? "" : link.error().detail());
  if (!link) std::abort();
  return *std::move(link);
}

// A link that keeps what it does not look at yet.
class Reader {
 public:
  explicit Reader(Link& link) : link_(link) {}

  Received NextMessage() {
    if (!Await([this] { return !messages_.empty(); })) return {};
    Received first = std::move(messages_.front());
    messages_.erase(messages_.begin());
    return first;
  }
  // The reason; -1: no answer.
  int Done(uint64_t ticket) {
    const auto is_it = [&](const LinkDone& done) { return done.ticket == ticket; };
    const auto find = [&] { return std::find_if(done_.begin(), done_.end(), is_it); };
    if (!Await([&] { return find() != done_.end(); })) return -1;
    return static_cast<int>(find()->reason);
  }
  bool Writable() {
    if (!Await([this] { return writable_; })) return false;
    return std::exchange(writable_, false);
  }
  int Closed() {
    return Await([this] { return closed_ >= 0; }) ? closed_ : -1;
  }
  [[nodiscard]] size_t messages() const { return messages_.size(); }

  // One Receive(). False: an error.
  bool Step(milliseconds timeout) {
    const auto events = link_.Receive(timeout);
    if (!events) return false;
    for (const LinkEvent& event : *events) {
      if (const auto* message = std::get_if<LinkMessage>(&event)) {
        messages_.push_back({.topic = std::string(message->topic),
                             .payload = std::string(message->payload),
                             .qos = message->qos,
                             .retain = message->retain});
      }
      if (const auto* done = std::get_if<LinkDone>(&event)) done_.push_back(*done);
      if (std::holds_alternative<LinkWritable>(event)) writable_ = true;
      if (const auto* closed = std::get_if<LinkClosed>(&event)) {
        closed_ = static_cast<int>(closed->reason);
      }
    }
    return true;
  }

 private:
  template <typename Condition>
  bool Await(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline || !Step(seconds(1))) return condition();
    }
    return true;
  }

  Link& link_;
  std::vector<Received> messages_;
  std::vector<LinkDone> done_;
  bool writable_ = false;
  int closed_ = -1;
};

int SubscribeAndWait(Link& link, Reader& reader, std::string_view filter, int qos) {
  const auto ticket = link.Subscribe(filter, {.qos = static_cast<Qos>(qos)});
  return ticket ? reader.Done(*ticket) : -1;
}

TEST(EmbeddedLink, TalksToSocketsAtEveryQos) {
  Broker broker = StartOrDie(OnePort());
  Link link = OpenOrDie(broker, {.client_id = "link"});
  Reader reader(link);
  Peer peer(broker.ports()[0], "peer");
  ASSERT_EQ(SubscribeAndWait(link, reader, "to/link", 2), 2);
  ASSERT_EQ(peer.Subscribe("to/peer", 2), 2);
  for (int qos = 0; qos <= 2; ++qos) {
    const std::string payload = "qos " + std::to_string(qos);
    const auto ticket = link.Publish("to/peer", payload, {.qos = static_cast<Qos>(qos)});
    ASSERT_TRUE(ticket.ok());
    if (qos > 0) {
      EXPECT_EQ(reader.Done(*ticket), 0);
    } else {
      EXPECT_EQ(*ticket, 0u);
    }
    const Received at_peer = peer.ReadPublish();
    EXPECT_EQ(at_peer.payload, payload);
    EXPECT_EQ(static_cast<int>(at_peer.qos), qos);
    EXPECT_EQ(peer.Publish("to/link", payload, qos), 0);
    const Received at_link = reader.NextMessage();
    EXPECT_EQ(at_link.topic, "to/link");
    EXPECT_EQ(at_link.payload, payload);
    EXPECT_EQ(static_cast<int>(at_link.qos), qos);
  }
}

TEST(EmbeddedLink, TalksToAnotherLinkWithoutAnyListener) {
  Broker broker = StartOrDie({.links_only = true, .threads = 3});
  Link one = OpenOrDie(broker, {.client_id = "one"});
  Link two = OpenOrDie(broker);
  EXPECT_EQ(two.client_id().rfind("link-", 0), 0u);
  Reader at_one(one);
  Reader at_two(two);
  ASSERT_EQ(SubscribeAndWait(one, at_one, "#", 1), 1);
  PublishProperties properties;
  properties.content_type = "text/plain";
  properties.response_topic = "answer";
  properties.correlation_data = std::string("\0\1", 2);
  properties.user = {{"a", "1"}, {"a", "2"}};
  ASSERT_TRUE(
      two.Publish("t", "x", {.qos = Qos::kAtLeastOnce, .expiry_s = 100, .properties = &properties})
          .ok());
  const auto events = one.Receive(kPatience);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 1u);
  PublishProperties received = std::get<LinkMessage>((*events)[0]).properties();
  EXPECT_EQ(received.expiry_s, 100u);
  received.expiry_s.reset();
  EXPECT_EQ(received, properties);
}

TEST(EmbeddedLink, GetsRetainedMessagesAndSubscriptionIdentifiers) {
  Broker broker = StartOrDie(OnePort());
  Peer peer(broker.ports()[0], "peer");
  peer.Publish("kept", "old", 1, true);
  Link link = OpenOrDie(broker);
  Reader reader(link);
  const auto ticket = link.Subscribe("kept", {.qos = Qos::kAtLeastOnce, .id = 7});
  ASSERT_EQ(reader.Done(*ticket), 1);
  const Received message = reader.NextMessage();
  EXPECT_EQ(message.payload, "old");
  EXPECT_TRUE(message.retain);
  EXPECT_EQ(reader.Done(*link.Unsubscribe("kept")), 0);
  EXPECT_EQ(reader.Done(*link.Unsubscribe("kept")), 0x11);
}

TEST(EmbeddedLink, MovesLargeMessagesWhole) {
  Broker broker = StartOrDie(OnePort());
  Link link = OpenOrDie(broker, {.receive_bytes_max = 1000});
  Reader reader(link);
  ASSERT_EQ(SubscribeAndWait(link, reader, "large", 2), 2);
  std::string payload;
  for (int i = 0; i < 1'000'000; ++i) payload.push_back(static_cast<char>(i % 251));
  const auto ticket = link.Publish("large", payload, {.qos = Qos::kExactlyOnce});
  EXPECT_TRUE(reader.NextMessage().payload == payload);
  EXPECT_EQ(reader.Done(*ticket), 0);
}

TEST(EmbeddedLink, IsToldWhenItPublishesTooFast) {
  Broker broker = StartOrDie(OnePort(1));
  Link link = OpenOrDie(broker, {.publish_bytes_max = 4096});
  Reader reader(link);
  const std::string payload(1000, 'x');
  uint64_t taken = 0;
  int refusals = 0;
  while (refusals < 20) {
    const auto ticket = link.Publish("t", payload);
    if (ticket) {
      ++taken;
      continue;
    }
    ASSERT_EQ(ticket.error().code(), Errc::kWouldBlock);
    ++refusals;
    ASSERT_TRUE(reader.Writable());
  }
  const auto last = link.Publish("t", "last", {.qos = Qos::kAtLeastOnce});
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(reader.Done(*last), 0x10);  // Nobody subscribed.
  EXPECT_EQ(broker.counters().publishes_received, taken + 1);
}

TEST(EmbeddedLink, HasNoMoreInFlightThanTheBrokerAllows) {
  BrokerOptions options = OnePort(1);
  options.configuration = "[limits]\nreceive_maximum = 2\n";
  Broker broker = StartOrDie(std::move(options));
  Link link = OpenOrDie(broker);
  Reader reader(link);
  std::vector<uint64_t> tickets;
  for (int i = 0; i < 1000; ++i) {
    auto ticket = link.Publish("t", "x", {.qos = Qos::kExactlyOnce});
    if (!ticket) {
      ASSERT_EQ(ticket.error().code(), Errc::kWouldBlock);
      ASSERT_TRUE(reader.Writable());
      ticket = link.Publish("t", "x", {.qos = Qos::kExactlyOnce});
    }
    ASSERT_TRUE(ticket.ok());
    tickets.push_back(*ticket);
  }
  for (const uint64_t ticket : tickets) EXPECT_GE(reader.Done(ticket), 0);
}

TEST(EmbeddedLink, HoldsBackWhatItDoesNotTake) {
  constexpr int kCount = 5000;
  Broker broker = StartOrDie(OnePort(1));
  Link slow = OpenOrDie(broker, {.receive_maximum = 10, .receive_bytes_max = 2000});
  Reader reader(slow);
  ASSERT_EQ(SubscribeAndWait(slow, reader, "t", 1), 1);
  Peer peer(broker.ports()[0], "peer");
  for (int i = 0; i < kCount; ++i) peer.Publish("t", std::to_string(i), 1);
  // Ten are under way, the others wait in the session's queue.
  EXPECT_EQ(broker.counters().publishes_sent, 10u);
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(reader.NextMessage().payload, std::to_string(i));
}

TEST(EmbeddedLink, LosesOnlyQos0WhenItDoesNotRead) {
  BrokerOptions options = OnePort(1);
  options.configuration = "[limits]\noutput_bytes_max = 65536\noutput_bytes_high_mark = 32768\n";
  Broker broker = StartOrDie(std::move(options));
  Link slow = OpenOrDie(broker, {.receive_bytes_max = 2000});
  Reader reader(slow);
  ASSERT_EQ(SubscribeAndWait(slow, reader, "t", 1), 1);
  Peer peer(broker.ports()[0], "peer");
  const std::string payload(1000, 'x');
  for (int i = 0; i < 200; ++i) peer.Publish("t", payload, 0);
  peer.Publish("t", "kept", 1);
  const uint64_t dropped = broker.counters().dropped_output_full;
  EXPECT_GT(dropped, 100u);
  uint64_t received = 0;
  while (reader.NextMessage().payload == payload) ++received;
  EXPECT_EQ(received + dropped, 200u);  // And the one after them was "kept".
}

TEST(EmbeddedLink, RefusesWhatNoPacketCanSay) {
  BrokerOptions options = OnePort(1);
  options.packet_size_bytes_max = 70'000;
  options.configuration = "[mqtt]\nqos_max = 1\nretain_available = false\n";
  Broker broker = StartOrDie(std::move(options));
  Link link = OpenOrDie(broker);
  const auto code = [](const auto& result) { return result.error().code(); };
  EXPECT_EQ(code(link.Publish("a/#", "x")), Errc::kInvalidArgument);
  EXPECT_EQ(code(link.Publish("", "x")), Errc::kInvalidArgument);
  EXPECT_EQ(code(link.Subscribe("a/#/b")), Errc::kInvalidArgument);
  EXPECT_EQ(code(link.Unsubscribe("")), Errc::kInvalidArgument);
  EXPECT_EQ(code(link.Subscribe("$share/g/t", {.no_local = true})), Errc::kInvalidArgument);
  EXPECT_EQ(code(link.Publish("t", "x", {.qos = Qos::kExactlyOnce})), Errc::kUnsupported);
  EXPECT_EQ(code(link.Publish("t", "x", {.retain = true})), Errc::kUnsupported);
  EXPECT_EQ(code(link.Publish("t", std::string(70'000, 'x'))), Errc::kPacketTooLarge);
  PublishProperties properties;
  properties.content_type = "\xff";
  EXPECT_EQ(code(link.Publish("t", "x", {.properties = &properties})), Errc::kInvalidArgument);
  EXPECT_TRUE(link.Publish("t", "x").ok());
  EXPECT_EQ(code(broker.OpenLink({.client_id = "\xff"})), Errc::kInvalidArgument);
}

TEST(EmbeddedLink, IsAboveTheRulesUnlessItAsksForThem) {
  BrokerOptions options = OnePort();
  options.authorize = [](const AccessRequest&) { return false; };
  Broker broker = StartOrDie(std::move(options));
  Link free = OpenOrDie(broker);
  Reader at_free(free);
  EXPECT_EQ(SubscribeAndWait(free, at_free, "t", 1), 1);
  EXPECT_EQ(at_free.Done(*free.Publish("t", "x", {.qos = Qos::kAtLeastOnce})), 0);
  EXPECT_EQ(at_free.NextMessage().payload, "x");
  EXPECT_EQ(at_free.Done(*free.Publish("$SYS/t", "x", {.qos = Qos::kAtLeastOnce})), 0x87);

  Link bound = OpenOrDie(broker, {.rights = LinkRights::kAsClient});
  Reader at_bound(bound);
  EXPECT_EQ(SubscribeAndWait(bound, at_bound, "t", 1), 0x87);
  EXPECT_EQ(at_bound.Done(*bound.Publish("t", "x", {.qos = Qos::kAtLeastOnce})), 0x87);
}

TEST(EmbeddedLink, ResumesItsSession) {
  Broker broker = StartOrDie(OnePort());
  Peer peer(broker.ports()[0], "peer");
  const LinkOptions keep{.client_id = "link", .clean_start = false, .session_expiry_s = 100};
  {
    Link link = OpenOrDie(broker, keep);
    EXPECT_FALSE(link.session_present());
    Reader reader(link);
    ASSERT_EQ(SubscribeAndWait(link, reader, "t", 2), 2);
    peer.Publish("t", "taken", 2);
    EXPECT_EQ(reader.NextMessage().payload, "taken");
    peer.Publish("t", "not taken", 2);
  }
  peer.Publish("t", "while away", 1);
  Link link = OpenOrDie(broker, keep);
  EXPECT_TRUE(link.session_present());
  Reader reader(link);
  EXPECT_EQ(reader.NextMessage().payload, "not taken");
  EXPECT_EQ(reader.NextMessage().payload, "while away");
  EXPECT_EQ(reader.messages(), 0u);
}

TEST(EmbeddedLink, IsTakenOverByALinkButNotByASocket) {
  Broker broker = StartOrDie(OnePort());
  Link first = OpenOrDie(broker, {.client_id = "link"});
  EXPECT_EQ(Peer(broker.ports()[0], "link").connack(), 0x87);
  const Link second = OpenOrDie(broker, {.client_id = "link"});
  Reader reader(first);
  EXPECT_EQ(reader.Closed(), 0x8e);
  EXPECT_EQ(first.Receive().error().code(), Errc::kStopped);
  EXPECT_EQ(first.Publish("t", "x").error().code(), Errc::kStopped);
  Peer peer(broker.ports()[0], "peer");
  const auto refused = broker.OpenLink({.client_id = "peer"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kConnectionRefused);
  EXPECT_EQ(refused.error().reason(), ReasonCode::kNotAuthorized);
}

TEST(EmbeddedLink, MayBeDroppedWhileMessagesAreUnderWay) {
  Broker broker = StartOrDie(OnePort());
  Peer peer(broker.ports()[0], "peer");
  ASSERT_EQ(peer.Subscribe("to/peer", 1), 1);
  for (int round = 0; round < 50; ++round) {
    Link link = OpenOrDie(broker, {.client_id = "link"});
    (void)link.Subscribe("#", {.qos = Qos::kExactlyOnce});
    for (int i = 0; i < 20; ++i) {
      (void)link.Publish("t", "x", {.qos = static_cast<Qos>(i % 3)});
    }
    ASSERT_TRUE(link.Publish("to/peer", std::to_string(round), {.qos = Qos::kAtLeastOnce}).ok());
  }
  // What was published before the end is still handled.
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(peer.ReadPublish().payload, std::to_string(round));
  }
}

TEST(EmbeddedLink, LeavesAWillWhenItGoesWithoutAGoodbye) {
  Broker broker = StartOrDie(OnePort());
  Link watcher = OpenOrDie(broker);
  Reader heard(watcher);
  EXPECT_EQ(heard.Done(*watcher.Subscribe("gone/#", {.qos = Qos::kAtLeastOnce})), 1);
  const PublishProperties properties{.content_type = "text/plain"};
  const auto with_will = [&](std::string_view who) {
    LinkOptions options{.client_id = std::string(who)};
    options.will = WillMessage{.topic = "gone/" + std::string(who),
                               .payload = std::string(who == "large" ? 60'000 : 5, 'x'),
                               .qos = Qos::kAtLeastOnce,
                               .properties = properties};
    return options;
  };
  OpenOrDie(broker, with_will("closed")).Close();
  { const Link dropped = OpenOrDie(broker, with_will("destroyed")); }
  Link abandoned = OpenOrDie(broker, with_will("abandoned"));
  abandoned.Abandon();
  EXPECT_EQ(heard.NextMessage().topic, "gone/abandoned");
  EXPECT_EQ(abandoned.Publish("a", "b").error().code(), Errc::kStopped);
  OpenOrDie(broker, with_will("large")).Abandon();
  const Received large = heard.NextMessage();
  EXPECT_EQ(large.topic, "gone/large");
  EXPECT_EQ(large.payload.size(), 60'000u);
  Link first = OpenOrDie(broker, with_will("twice"));
  Link second = OpenOrDie(broker, with_will("twice"));
  EXPECT_EQ(heard.NextMessage().topic, "gone/twice");
  second.Close();
}

TEST(EmbeddedLink, RefusesAWillThatNoPacketCanSay) {
  Broker broker = StartOrDie(OnePort());
  const auto error_of = [&](WillMessage will) {
    LinkOptions options;
    options.will = std::move(will);
    const auto link = broker.OpenLink(std::move(options));
    return link.ok() ? std::string() : link.error().detail();
  };
  EXPECT_EQ(error_of({.topic = "a"}), "");
  EXPECT_EQ(error_of({.topic = "a/+"}), "will.topic: not a topic name");
  EXPECT_EQ(error_of({.topic = ""}), "will.topic: not a topic name");
  EXPECT_EQ(error_of({.topic = "a", .payload = std::string(65'536, 'x')}),
            "will.payload: more than 65535 bytes");
  EXPECT_EQ(error_of({.topic = "a", .properties = {.content_type = "\xff"}}),
            "content_type: not UTF-8, or too long");
  // $SYS is the broker's own.
  EXPECT_NE(error_of({.topic = "$SYS/x"}), "");
}

TEST(EmbeddedLink, IsToldWhenTheBrokerStops) {
  Broker broker = StartOrDie(OnePort());
  Link reading = OpenOrDie(broker);
  Link idle = OpenOrDie(broker);
  std::thread waiter([&reading] {
    Reader reader(reading);
    EXPECT_EQ(reader.Closed(), 0x8b);
  });
  const auto begin = std::chrono::steady_clock::now();
  broker.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(1));  // Though one does not read.
  waiter.join();
  EXPECT_EQ(idle.Publish("t", "x").error().code(), Errc::kStopped);
  EXPECT_EQ(broker.OpenLink().error().code(), Errc::kStopped);
}

TEST(EmbeddedLink, MayBeBusyWhenTheBrokerStops) {
  for (int round = 0; round < 10; ++round) {
    Broker broker = StartOrDie(OnePort());
    std::vector<std::thread> threads;
    std::atomic<int> busy{0};
    for (int n = 0; n < 3; ++n) {
      threads.emplace_back([&broker, &busy] {
        Link link = OpenOrDie(broker);
        (void)link.Subscribe("#", {.qos = Qos::kExactlyOnce});
        Reader reader(link);
        busy.fetch_add(1);
        busy.notify_all();
        while (reader.Step(milliseconds(0))) {
          for (int qos = 0; qos <= 2; ++qos) {
            (void)link.Publish("t", "x", {.qos = static_cast<Qos>(qos)});
          }
        }
        EXPECT_EQ(reader.Closed(), 0x8b);
      });
    }
    for (int have = busy.load(); have < 3; have = busy.load()) busy.wait(have);
    broker.Stop();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(EmbeddedLink, MayOutliveTheBroker) {
  auto broker = std::make_unique<Broker>(StartOrDie(OnePort()));
  Link link = OpenOrDie(*broker);
  ASSERT_TRUE(link.Subscribe("t").ok());
  broker.reset();
  Reader reader(link);
  EXPECT_EQ(reader.Closed(), 0x8b);
  link.Close();
  link.Close();
  EXPECT_EQ(link.Receive().error().code(), Errc::kStopped);
}

TEST(EmbeddedLink, WakesItsOwnersLoop) {
  Broker broker = StartOrDie(OnePort());
  std::atomic<uint32_t> rung{0};
  Link link = OpenOrDie(broker, {.on_ready = [&rung] {
                          rung.fetch_add(1, std::memory_order_release);
                          rung.notify_one();
                        }});
  Reader reader(link);
  ASSERT_EQ(SubscribeAndWait(link, reader, "t", 0), 0);
  const uint32_t before = rung.load(std::memory_order_acquire);
  Peer(broker.ports()[0], "peer").Publish("t", "x", 1);
  rung.wait(before);
  ASSERT_TRUE(reader.Step(milliseconds(0)));
  EXPECT_EQ(reader.messages(), 1u);
}

TEST(EmbeddedLink, ServesManyThreadsThroughManyLinks) {
  constexpr int kLinks = 4;
  constexpr int kCount = 2000;
  Broker broker = StartOrDie(OnePort());
  std::vector<std::thread> threads;
  std::atomic<int> subscribed{0};
  for (int n = 0; n < kLinks; ++n) {
    threads.emplace_back([&broker, &subscribed, n] {
      Link link = OpenOrDie(broker);
      Reader reader(link);
      EXPECT_EQ(SubscribeAndWait(link, reader, "all", 1), 1);
      subscribed.fetch_add(1);
      subscribed.notify_all();
      for (int have = subscribed.load(); have < kLinks; have = subscribed.load()) {
        subscribed.wait(have);
      }
      const std::string mine = std::to_string(n);
      for (int i = 0; i < kCount; ++i) {
        while (!link.Publish("all", mine, {.qos = Qos::kAtLeastOnce})) {
          ASSERT_TRUE(reader.Writable());
        }
      }
      for (int i = 0; i < kLinks * kCount; ++i) {
        ASSERT_FALSE(reader.NextMessage().payload.empty()) << i;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ringmq
