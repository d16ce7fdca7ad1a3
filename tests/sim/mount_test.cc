// Two listeners, one of them with a mount point, on two cores: what is on one side is where on the
// other, and what becomes of a session that comes in through the other.
//
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "sim/cluster.h"
#include "sim/scripted_client.h"
#include "sim/world.h"

namespace ringmq::sim {
namespace {

constexpr broker::CoreId kCores = 2;
constexpr broker::CoreId kMounted = kCores;  // Added to a core: its listener with a mount point.

class MountTest : public ::testing::Test {
 protected:
  static ClusterOptions Options() {
    ClusterOptions options;
    options.cores = kCores;
    options.config.listeners.resize(2);
    for (auto& one : options.config.listeners) {
      one.allow_anonymous = broker::AllowAnonymous::kAlways;
    }
    options.config.listeners[1].mount_point = "t1/";
    options.config.mqtt.sys_interval_s = 1;
    options.config.limits.topic_size_bytes_max = 100;
    options.config.limits.topic_levels_max = 5;
    options.socket_buffer_bytes = 100'000;
    return options;
  }

  ScriptedClient Make(broker::CoreId home, broker::CoreId listener, int n = 0) {
    return ScriptedClient(cluster_, listener, ClientIdAt(cluster_, home, n));
  }
  static std::string NextTopic(ScriptedClient& client) {
    return client.Expect(PacketType::kPublish).topic;
  }

  World world_{1};
  Cluster cluster_{world_, Options()};
};

TEST_F(MountTest, MessagesCrossItWithTheOtherSidesNames) {
  ScriptedClient inside = Make(1, kMounted);
  ScriptedClient outside = Make(0, 0);
  inside.Connected();
  outside.Connected();
  inside.Subscribed("#", Qos::kAtLeastOnce);
  outside.Subscribed("t1/+", Qos::kAtMostOnce);
  inside.SendPublish("a", "from inside");
  EXPECT_EQ(NextTopic(outside), "t1/a");
  EXPECT_EQ(NextTopic(inside), "a");
  outside.SendPublish("t1/b", "from outside");
  EXPECT_EQ(NextTopic(inside), "b");
  EXPECT_EQ(NextTopic(outside), "t1/b");
  outside.SendPublish("a", "elsewhere");
  outside.SendPublish("t1", "the level above", Qos::kAtLeastOnce);
  outside.Expect(PacketType::kPuback);
  outside.SendPublish("t1/", "nothing left", Qos::kAtMostOnce);
  EXPECT_EQ(NextTopic(outside), "t1/");
  outside.SendPublish("t1/$x", "reserved");  // [MQTT-4.7.2-1]
  EXPECT_EQ(NextTopic(outside), "t1/$x");
  outside.SendPublish("t1/end", "");
  EXPECT_EQ(NextTopic(inside), "end");
}

TEST_F(MountTest, RetainedMessagesAndUnsubscribingAreBehindIt) {
  ScriptedClient inside = Make(1, kMounted);
  ScriptedClient outside = Make(0, 0);
  inside.Connected();
  outside.Connected();
  inside.SendPublish("r", "kept", Qos::kAtLeastOnce, true);
  inside.Expect(PacketType::kPuback);
  outside.SendPublish("r", "another", Qos::kAtLeastOnce, true);
  outside.Expect(PacketType::kPuback);
  outside.Subscribed("t1/#", Qos::kAtMostOnce);
  EXPECT_EQ(NextTopic(outside), "t1/r");
  inside.Subscribed("r", Qos::kAtMostOnce);
  const Heard kept = inside.Expect(PacketType::kPublish);
  EXPECT_EQ(kept.topic, "r");
  EXPECT_EQ(kept.payload, "kept");
  inside.SendUnsubscribe("r");
  EXPECT_EQ(inside.Expect(PacketType::kUnsuback).type, PacketType::kUnsuback);
  inside.SendPublish("r", "nobody hears", Qos::kAtLeastOnce);
  EXPECT_EQ(inside.Expect(PacketType::kPuback).reason, ReasonCode::kSuccess);
  EXPECT_EQ(outside.Expect(PacketType::kPublish).payload, "nobody hears");
  EXPECT_FALSE(inside.Await(kSecond).has_value());
}

TEST_F(MountTest, SharedGroupsOfBothSidesAreOne) {
  ScriptedClient inside = Make(1, kMounted);
  ScriptedClient outside = Make(0, 0);
  inside.Connected();
  outside.Connected();
  inside.Subscribed("$share/g/x", Qos::kAtMostOnce);
  outside.Subscribed("$share/g/t1/x", Qos::kAtMostOnce);
  for (int i = 0; i < 2; ++i) outside.SendPublish("t1/x", "one each");
  EXPECT_EQ(NextTopic(inside), "x");
  EXPECT_EQ(NextTopic(outside), "t1/x");
}

TEST_F(MountTest, AWillIsBehindIt) {
  ScriptedClient outside = Make(0, 0);
  outside.Connected();
  outside.Subscribed("t1/will", Qos::kAtMostOnce);
  ScriptedClient inside = Make(1, kMounted);
  inside.SendConnect(true, 0, codec::Will{.topic = "will"});
  EXPECT_EQ(inside.Expect(PacketType::kConnack).reason, ReasonCode::kSuccess);
  inside.Reset();
  EXPECT_EQ(NextTopic(outside), "t1/will");
}

TEST_F(MountTest, WhatBeginsWithADollarSignStaysOutside) {
  ScriptedClient inside = Make(1, kMounted);
  inside.Connected();
  inside.Subscribed("$SYS/#", Qos::kAtMostOnce);
  for (const std::string_view topic : {"$SYS/x", "$x"}) {
    inside.SendPublish(topic, "", Qos::kAtLeastOnce);
    EXPECT_EQ(inside.Expect(PacketType::kPuback).reason, ReasonCode::kNotAuthorized);
  }
  EXPECT_FALSE(inside.Await(3 * kSecond).has_value());
  ScriptedClient other = Make(0, kMounted);
  other.SendConnect(true, 0, codec::Will{.topic = "$SYS/x"});
  EXPECT_EQ(other.Expect(PacketType::kConnack).reason, ReasonCode::kNotAuthorized);
}

TEST_F(MountTest, LimitsOnTopicsCountTheMountPoint) {
  ScriptedClient inside = Make(1, kMounted);
  inside.Connected();
  inside.SendPublish(std::string(97, 'a'), "", Qos::kAtLeastOnce);
  EXPECT_EQ(inside.Expect(PacketType::kPuback).reason, ReasonCode::kNoMatchingSubscribers);
  for (const std::string& topic : {std::string(98, 'a'), std::string("1/2/3/4/5")}) {
    inside.SendPublish(topic, "", Qos::kAtLeastOnce);
    EXPECT_EQ(inside.Expect(PacketType::kPuback).reason, ReasonCode::kTopicNameInvalid);
  }
  ScriptedClient other = Make(0, kMounted);
  other.SendConnect(true, 0, codec::Will{.topic = "1/2/3/4/5"});
  EXPECT_EQ(other.Expect(PacketType::kConnack).reason, ReasonCode::kTopicNameInvalid);
}

TEST_F(MountTest, ASessionIsResumedThroughTheSameMountPointOnly) {
  const auto come = [this](broker::CoreId listener, bool present) {
    ScriptedClient client = Make(1, listener);
    client.SendConnect(false, 1000);
    EXPECT_EQ(client.Expect(PacketType::kConnack).session_present, present);
    return client;
  };
  {
    ScriptedClient inside = come(kMounted, false);
    inside.Subscribed("a", Qos::kAtLeastOnce);
    inside.Reset();
  }
  // On the core of the session, which knows at once who is gone.
  ScriptedClient publisher = Make(1, 0, 1);
  publisher.Connected();
  publisher.SendPublish("t1/a", "while away", Qos::kAtLeastOnce);
  EXPECT_EQ(publisher.Expect(PacketType::kPuback).reason, ReasonCode::kSuccess);
  {
    ScriptedClient inside = come(kMounted + 1, true);
    EXPECT_EQ(NextTopic(inside), "a");
    inside.Reset();
  }
  publisher.SendPublish("t1/a", "never delivered", Qos::kAtLeastOnce);
  EXPECT_EQ(publisher.Expect(PacketType::kPuback).reason, ReasonCode::kSuccess);
  ScriptedClient outside = come(0, false);
  publisher.SendPublish("t1/a", "nobody", Qos::kAtLeastOnce);
  EXPECT_EQ(publisher.Expect(PacketType::kPuback).reason, ReasonCode::kNoMatchingSubscribers);
  // Nor does one that is still connected live on behind it.
  outside.Subscribed("t1/#", Qos::kAtLeastOnce);
  ScriptedClient inside = come(kMounted, false);
  EXPECT_EQ(outside.Expect(PacketType::kDisconnect).reason, ReasonCode::kSessionTakenOver);
  publisher.SendPublish("t1/a", "nobody", Qos::kAtLeastOnce);
  EXPECT_EQ(publisher.Expect(PacketType::kPuback).reason, ReasonCode::kNoMatchingSubscribers);
  cluster_.Audit();
}

}  // namespace
}  // namespace ringmq::sim
