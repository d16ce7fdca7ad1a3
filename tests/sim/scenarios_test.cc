// The races that a naive broker gets wrong (ARCHITECTURE.md, "Cores"), one scenario each, and the
// bugs that the simulation has found.
//
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster.h"
#include "sim/scripted_client.h"
#include "sim/world.h"

namespace ringmq::sim {
namespace {

constexpr uint64_t kSeeds = 40;  // Scenarios with chance in them run once for each.

ClusterOptions Options(broker::CoreId cores) {
  ClusterOptions options;
  options.cores = cores;
  options.config.listeners[0].allow_anonymous = broker::AllowAnonymous::kAlways;
  options.config.mqtt.sys_interval_s = 0;
  options.socket_buffer_bytes = 100'000;
  return options;
}

// Things take their time and come in any order, but nothing fails.
Faults Slow() {
  return {.short_read = 300,
          .short_send = 300,
          .delay = 500,
          .reorder = 500,
          .multishot_end = 200,
          .no_buffers = 100,
          .spurious_wake = 50,
          .cancel_race = 500,
          .small_batch = 300};
}

// Race 1.
TEST(Scenario, SubackWaitsUntilEveryCoreKnows) {
  World world(1);
  Cluster cluster(world, Options(3));
  ScriptedClient subscriber(cluster, 0, ClientIdAt(cluster, 0));
  ScriptedClient publisher(cluster, 2, ClientIdAt(cluster, 2));
  subscriber.Connected();
  publisher.Connected();
  cluster.Starve(2, world.now + 2 * kSecond);
  subscriber.SendSubscribe("t", Qos::kAtLeastOnce);
  EXPECT_FALSE(subscriber.Await(kSecond).has_value());
  EXPECT_EQ(subscriber.Expect(PacketType::kSuback).type, PacketType::kSuback);
  publisher.SendPublish("t", "after SUBACK", Qos::kAtLeastOnce);
  EXPECT_EQ(subscriber.Expect(PacketType::kPublish).payload, "after SUBACK");
}

// Race 1, as the simulation found it: it is another client's SUBSCRIBE that tells the cores.
TEST(Scenario, SubackWaitsForTheAnnouncementOfAnotherClient) {
  World world(1);
  Cluster cluster(world, Options(3));
  ScriptedClient first(cluster, 0, ClientIdAt(cluster, 0, 0));
  ScriptedClient second(cluster, 0, ClientIdAt(cluster, 0, 1));
  ScriptedClient publisher(cluster, 2, ClientIdAt(cluster, 2));
  first.Connected();
  second.Connected();
  publisher.Connected();
  cluster.Starve(2, world.now + 2 * kSecond);
  first.SendSubscribe("t", Qos::kAtLeastOnce);
  EXPECT_FALSE(first.Await(kSecond / 2).has_value());
  second.SendSubscribe("t", Qos::kAtLeastOnce);
  EXPECT_FALSE(second.Await(kSecond).has_value());
  (void)second.Expect(PacketType::kSuback);
  publisher.SendPublish("t", "after SUBACK", Qos::kAtLeastOnce);
  EXPECT_EQ(second.Expect(PacketType::kPublish).payload, "after SUBACK");
}

// Race 2.
TEST(Scenario, RetainedWhileSubscribingComesAtLeastOnce) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World world(seed);
    Cluster cluster(world, Options(4));
    ScriptedClient subscriber(cluster, 0, ClientIdAt(cluster, 0));
    ScriptedClient publisher(cluster, 1, ClientIdAt(cluster, 1));
    subscriber.Connected();
    publisher.Connected();
    world.faults = Slow();
    for (broker::CoreId core = 0; core < 4; ++core) {
      cluster.Starve(core, world.now + world.UpTo(10 * kMillisecond));
    }
    // Whose core keeps the message differs from topic to topic.
    const std::string topic = fmt::format("retained/{}", seed);
    publisher.SendPublish(topic, "kept", Qos::kAtLeastOnce, true);
    (void)cluster.RunFor(world.UpTo(10 * kMillisecond), [] { return false; });
    subscriber.SendSubscribe("retained/+", Qos::kAtLeastOnce);
    bool received = false;
    while (!received) {
      const auto heard = subscriber.Await();
      ASSERT_TRUE(heard.has_value()) << "seed " << seed;
      received = heard->type == PacketType::kPublish && heard->payload == "kept";
    }
  }
}

// Race 3.
TEST(Scenario, TwoConnectionsWithOneIdentifierLeaveOne) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World world(seed);
    world.faults = Slow();
    Cluster cluster(world, Options(4));
    ScriptedClient watcher(cluster, 3, ClientIdAt(cluster, 3));
    watcher.Connected();
    watcher.Subscribed("will", Qos::kAtLeastOnce);
    const std::string id = ClientIdAt(cluster, 0);
    const codec::Will will{.topic = "will", .qos = Qos::kAtLeastOnce};
    ScriptedClient one(cluster, 1, id);
    ScriptedClient other(cluster, 2, id);
    one.SendConnect(true, 0, will);
    other.SendConnect(true, 0, will);
    (void)one.Expect(PacketType::kConnack);
    (void)other.Expect(PacketType::kConnack);
    // The loser's will, at once, and once. [MQTT-3.1.4-3]
    EXPECT_EQ(watcher.Expect(PacketType::kPublish).topic, "will");
    EXPECT_FALSE(watcher.Await(kSecond).has_value());
    const auto to_one = one.Await(kSecond);
    const auto to_other = other.Await(kSecond);
    ASSERT_NE(to_one.has_value(), to_other.has_value());
    const Heard& goodbye = to_one.has_value() ? *to_one : *to_other;
    ScriptedClient& loser = to_one.has_value() ? one : other;
    ScriptedClient& winner = to_one.has_value() ? other : one;
    EXPECT_EQ(goodbye.type, PacketType::kDisconnect);
    EXPECT_EQ(goodbye.reason, ReasonCode::kSessionTakenOver);
    EXPECT_TRUE(loser.AwaitEnd());
    winner.SendPing();
    (void)winner.Expect(PacketType::kPingresp);
    EXPECT_EQ(cluster.Sum().sessions, 2);
  }
}

// Race 4, the first half: the last member of a core leaves while a message is on its way there.
TEST(Scenario, SharedMessageForAMemberThatLeftIsRedispatched) {
  World world(1);
  Cluster cluster(world, Options(3));
  ScriptedClient leaver(cluster, 0, ClientIdAt(cluster, 0));
  ScriptedClient stayer(cluster, 1, ClientIdAt(cluster, 1));
  ScriptedClient publisher(cluster, 2, ClientIdAt(cluster, 2));
  leaver.Connected();
  stayer.Connected();
  publisher.Connected();
  leaver.Subscribed("$share/g/t", Qos::kAtLeastOnce);
  stayer.Subscribed("$share/g/t", Qos::kAtLeastOnce);
  // The publisher's core handles these before it hears that the member has left.
  cluster.Starve(2, world.now + kSecond);
  for (int i = 0; i < 4; ++i) publisher.SendPublish("t", fmt::format("{}", i), Qos::kAtLeastOnce);
  leaver.SendUnsubscribe("$share/g/t");
  (void)leaver.Expect(PacketType::kUnsuback);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(stayer.Expect(PacketType::kPublish).qos, Qos::kAtLeastOnce);
  }
  EXPECT_FALSE(leaver.Await(kSecond).has_value());
}

// Race 4, the second half. [MQTT-4.8.2-4]
TEST(Scenario, SharedMessagesOfAMemberThatDiesGoToAnother) {
  World world(1);
  Cluster cluster(world, Options(2));
  ScriptedClient dying(cluster, 0, ClientIdAt(cluster, 0));
  ScriptedClient publisher(cluster, 1, ClientIdAt(cluster, 1, 1));
  dying.Connected();
  publisher.Connected();
  dying.Subscribed("$share/g/t", Qos::kAtLeastOnce);
  publisher.SendPublish("t", "unacknowledged", Qos::kAtLeastOnce);
  EXPECT_EQ(dying.Expect(PacketType::kPublish).payload, "unacknowledged");
  ScriptedClient heir(cluster, 1, ClientIdAt(cluster, 1));
  heir.Connected();
  heir.Subscribed("$share/g/t", Qos::kAtLeastOnce);
  dying.Reset();
  EXPECT_EQ(heir.Expect(PacketType::kPublish).payload, "unacknowledged");
}

// Race 5.
TEST(Scenario, HandOverKeepsWhatWasSentBehindConnect) {
  constexpr int kMessages = 50;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World world(seed);
    world.faults = Slow();
    world.faults.one_byte_read = seed % 2 == 0 ? 300 : 0;
    Cluster cluster(world, Options(4));
    ScriptedClient client(cluster, 1, ClientIdAt(cluster, 2));
    client.SendConnect();
    client.SendSubscribe("t", Qos::kAtMostOnce);
    for (int i = 0; i < kMessages; ++i) client.SendPublish("t", fmt::format("{}", i));
    (void)client.Expect(PacketType::kConnack);
    int next = 0;
    while (next < kMessages) {
      const auto heard = client.Await();
      ASSERT_TRUE(heard.has_value()) << "seed " << seed << ", message " << next;
      if (heard->type == PacketType::kPublish) {
        ASSERT_EQ(heard->payload, fmt::format("{}", next));
        ++next;
      }
    }
    EXPECT_EQ(cluster.Sum().handed_over, 1u);
  }
}

// Race 6. [MQTT-4.6.0-5]
TEST(Scenario, OrderHoldsAcrossCoresThroughFullLanes) {
  constexpr int kMessages = 200;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World world(seed);
    ClusterOptions options = Options(3);
    options.lane_parcels = 2;
    Cluster cluster(world, options);
    ScriptedClient subscriber(cluster, 0, ClientIdAt(cluster, 1));
    ScriptedClient publisher(cluster, 0, ClientIdAt(cluster, 2));
    subscriber.Connected();
    publisher.Connected();
    subscriber.Subscribed("t", Qos::kAtMostOnce);
    world.faults = Slow();
    for (int i = 0; i < kMessages; ++i) publisher.SendPublish("t", fmt::format("{}", i));
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_EQ(subscriber.Expect(PacketType::kPublish).payload, fmt::format("{}", i));
    }
  }
}

// Found while the model client was written: 3.1.1 [MQTT-3.1.2-6].
TEST(Scenario, CleanSessionOf311IsNeverUsedAgain) {
  World world(1);
  Cluster cluster(world, Options(2));
  const std::string id = ClientIdAt(cluster, 0);
  ScriptedClient clean(cluster, 0, id, ProtocolVersion::kV311);
  clean.Connected(true);
  clean.Subscribed("t", Qos::kAtLeastOnce);
  ScriptedClient next(cluster, 1, id, ProtocolVersion::kV311);
  next.SendConnect(false);
  EXPECT_FALSE(next.Expect(PacketType::kConnack).session_present);
  EXPECT_TRUE(clean.AwaitEnd());
}

// Found by seed 348: a replay at QoS 0 lost what did not fit the output budget.
TEST(Scenario, RetainedReplayIsNotCutByTheOutputBudget) {
  constexpr int kMessages = 100;
  World world(1);
  ClusterOptions options = Options(2);
  options.socket_buffer_bytes = 200;
  options.config.limits.output_bytes_high_mark = 300;
  options.config.limits.output_bytes_max = 400;
  Cluster cluster(world, options);
  ScriptedClient publisher(cluster, 0, ClientIdAt(cluster, 0));
  publisher.Connected();
  for (int i = 0; i < kMessages; ++i) {
    publisher.SendPublish(fmt::format("r/{}", i), "kept", Qos::kAtLeastOnce, true);
    (void)publisher.Expect(PacketType::kPuback);
  }
  ScriptedClient subscriber(cluster, 1, ClientIdAt(cluster, 1));
  subscriber.Connected();
  subscriber.Subscribed("r/#", Qos::kAtMostOnce);
  for (int i = 0; i < kMessages; ++i) EXPECT_TRUE(subscriber.Expect(PacketType::kPublish).retain);
}

// [MQTT-3.1.3-9]: a session that goes on before the delay has passed keeps the will back.
TEST(Scenario, DelayedWillIsDueAtItsDelayAndNotAfterAReturn) {
  World world(1);
  Cluster cluster(world, Options(2));
  ScriptedClient watcher(cluster, 0, ClientIdAt(cluster, 0));
  watcher.Connected();
  watcher.Subscribed("will", Qos::kAtLeastOnce);
  const std::string id = ClientIdAt(cluster, 1);
  const codec::Will will{.topic = "will", .qos = Qos::kAtLeastOnce, .delay_s = 5};
  ScriptedClient first(cluster, 0, id);
  first.SendConnect(true, 100, will);
  (void)first.Expect(PacketType::kConnack);
  first.Reset();
  EXPECT_FALSE(watcher.Await(4 * kSecond).has_value());
  ScriptedClient second(cluster, 1, id);
  second.SendConnect(false, 100, will);
  EXPECT_TRUE(second.Expect(PacketType::kConnack).session_present);
  EXPECT_FALSE(watcher.Await(10 * kSecond).has_value());
  second.Reset();
  EXPECT_FALSE(watcher.Await(4 * kSecond).has_value());
  EXPECT_EQ(watcher.Expect(PacketType::kPublish).topic, "will");
  EXPECT_FALSE(watcher.Await(10 * kSecond).has_value());
}

// TLS gives up on a peer that never finishes a message of a handshake while we have much to say.
TEST(Scenario, LayersThatFailByWhatIsSentEndTheirConnectionOnly) {
  ClusterOptions options = Options(2);
  options.layers = "!";
  World world(1);
  Cluster cluster(world, options);
  ScriptedClient subscriber(cluster, 0, ClientIdAt(cluster, 0));
  ScriptedClient publisher(cluster, 0, ClientIdAt(cluster, 0, 1));
  subscriber.Connected();
  subscriber.Subscribed("t", Qos::kAtLeastOnce);
  publisher.Connected();
  // Several at once: there is more to send when the layers have failed.
  for (int i = 0; i < 5; ++i) {
    publisher.SendPublish("t", std::string(1500, 'x'), Qos::kAtLeastOnce);
  }
  EXPECT_TRUE(subscriber.AwaitEnd());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(publisher.Expect(PacketType::kPuback).type, PacketType::kPuback);
  }
}

// Behind CONNACK for one who is quiet, at the third try here; after that it is an ordinary
// connection, but for layers above.
TEST(Scenario, TlsMovesIntoTheKernelBetweenTwoRecords) {
  for (const char* const layers : {"0", "0k"}) {
    ClusterOptions options = Options(2);
    options.layers = layers;
    World world(1);
    Cluster cluster(world, options);
    ScriptedClient client(cluster, 0, ClientIdAt(cluster, 1));
    client.Connected();
    EXPECT_EQ(cluster.Sum().kernel_tls, 0u);
    client.Subscribed("t", Qos::kAtLeastOnce);
    for (int i = 0; i < 5; ++i) {
      const std::string payload = "message " + std::to_string(i);
      client.SendPublish("t", payload, Qos::kAtMostOnce);
      EXPECT_EQ(client.Expect(PacketType::kPublish).payload, payload);
    }
    EXPECT_EQ(cluster.Sum().kernel_tls, 1u) << layers;
  }
}

// Its key cannot be changed there, so it ends before that has sealed too much, and says why.
TEST(Scenario, AConnectionWhoseKeyInTheKernelIsSpentEndsInGoodOrder) {
  ClusterOptions options = Options(2);
  options.layers = "0";
  options.kernel_sealed_bytes_max = 1000;
  World world(1);
  Cluster cluster(world, options);
  ScriptedClient client(cluster, 0, ClientIdAt(cluster, 1));
  client.Connected();
  client.Subscribed("t", Qos::kAtMostOnce);
  // It is there after a few more; two of 400 are less than the limit, and a third is not.
  for (int i = 0; i < 3; ++i) {
    client.SendPublish("t", "short", Qos::kAtMostOnce);
    EXPECT_EQ(client.Expect(PacketType::kPublish).payload, "short");
  }
  ASSERT_EQ(cluster.Sum().kernel_tls, 1u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(cluster.Sum().kernel_tls_spent, 0u) << i;
    client.SendPublish("t", std::string(400, 'x'), Qos::kAtMostOnce);
    EXPECT_EQ(client.Expect(PacketType::kPublish).payload, std::string(400, 'x'));
  }
  EXPECT_EQ(client.Expect(PacketType::kDisconnect).reason, ReasonCode::kQuotaExceeded);
  EXPECT_TRUE(client.AwaitEnd());
  EXPECT_EQ(cluster.Sum().kernel_tls_spent, 1u);
}

}  // namespace
}  // namespace ringmq::sim
