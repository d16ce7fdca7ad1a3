// Rate limits of a listener, in virtual time: who comes in when, who waits in vain, and that the
// shards share the budget.
//
// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster.h"
#include "sim/scripted_client.h"
#include "sim/world.h"

namespace ringmq::sim {
namespace {

constexpr int kClients = 40;

ClusterOptions Options() {
  ClusterOptions options;
  options.cores = 2;
  options.config.listeners.resize(2);
  for (auto& one : options.config.listeners) {
    one.allow_anonymous = broker::AllowAnonymous::kAlways;
  }
  options.config.limits.connect_timeout_ms = 10'000;
  options.config.mqtt.sys_interval_s = 0;
  return options;
}

// Clients that come all at once, half of them to each core.
class Crowd {
 public:
  Crowd(Cluster& cluster, int count, broker::CoreId first_listener = 0) : cluster_(cluster) {
    for (int i = 0; i < count; ++i) {
      const auto core = static_cast<broker::CoreId>(i % cluster.cores());
      clients_.emplace_back(cluster, first_listener + core,
                            fmt::format("c{}-{}", first_listener, i));
      clients_.back().SendConnect();
    }
  }

  // How many are in by then; runs the broker for so long.
  int64_t InAfter(Duration time) {
    (void)cluster_.RunFor(time, [] { return false; });
    return cluster_.Sum().sessions;
  }

  ScriptedClient& operator[](size_t i) { return clients_[i]; }

 private:
  Cluster& cluster_;
  std::deque<ScriptedClient> clients_;
};

TEST(Admission, ConnectionsComeInAtTheirListenersPace) {
  World world(1);
  ClusterOptions options = Options();
  options.config.listeners[0].connections_per_second_max = 10;
  Cluster cluster(world, options);
  Crowd crowd(cluster, kClients);
  int64_t before = 0;
  for (int second = 1; second <= 3; ++second) {
    const int64_t in = crowd.InAfter(kSecond);
    EXPECT_GE(in - before, 9) << second;
    EXPECT_LE(in - before, 12) << second;
    before = in;
  }
  EXPECT_EQ(crowd.InAfter(2 * kSecond), kClients);
  EXPECT_GE(cluster.Sum().admissions_deferred, 38u);
  EXPECT_EQ(cluster.Sum().admissions_timed_out, 0u);
  EXPECT_EQ(cluster.Sum().connections_refused, 0u);
}

TEST(Admission, WhoWaitsTooLongIsClosedAndCounted) {
  World world(1);
  ClusterOptions options = Options();
  options.config.listeners[0].connections_per_second_max = 10;
  options.config.limits.connect_timeout_ms = 2'000;
  Cluster cluster(world, options);
  Crowd crowd(cluster, kClients);
  const int64_t in = crowd.InAfter(5 * kSecond);
  EXPECT_GE(in, 19);
  EXPECT_LE(in, 23);
  EXPECT_EQ(cluster.Sum().admissions_timed_out, static_cast<uint64_t>(kClients - in));
  EXPECT_EQ(cluster.Sum().connections_refused, static_cast<uint64_t>(kClients - in));
  EXPECT_EQ(cluster.Sum().connections, in);
  // It is over: the next one comes in at once.
  ScriptedClient late(cluster, 0, "late");
  late.Connected();
}

TEST(Admission, OtherListenersDoNotWait) {
  World world(1);
  ClusterOptions options = Options();
  options.config.listeners[0].connections_per_second_max = 1;
  Cluster cluster(world, options);
  Crowd crowd(cluster, kClients);
  Crowd others(cluster, 4, cluster.cores());
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(others[i].Expect(PacketType::kConnack).reason, ReasonCode::kSuccess);
  }
}

// TLS as far as the simulation has it: layers that open with a greeting each way.
TEST(Admission, HandshakesComeInAtTheirListenersPace) {
  World world(1);
  ClusterOptions options = Options();
  options.layers = "k";
  options.config.listeners[0].tls.use = broker::TlsUse::kRequired;
  options.config.listeners[0].tls.handshakes_per_second_max = 10;
  options.config.limits.connect_timeout_ms = 2'000;
  Cluster cluster(world, options);
  Crowd crowd(cluster, kClients);
  (void)crowd.InAfter(5 * kSecond);  // Nobody goes on to CONNECT: that takes an Await().
  const uint64_t made = cluster.Sum().handshakes;
  EXPECT_GE(made, 19u);
  EXPECT_LE(made, 23u);
  EXPECT_EQ(cluster.Sum().admissions_timed_out, kClients - made);
  EXPECT_EQ(cluster.Sum().connections_refused, uint64_t{kClients});
}

TEST(Admission, WhatDoesNotBeginAsTlsIsNoHandshakeOfIt) {
  World world(1);
  ClusterOptions options = Options();
  options.layers = "k";
  options.config.listeners[0].tls.use = broker::TlsUse::kOptional;
  options.config.listeners[0].tls.handshakes_per_second_max = 1;
  Cluster cluster(world, options);
  Crowd crowd(cluster, kClients);
  (void)crowd.InAfter(kSecond);
  EXPECT_EQ(cluster.Sum().handshakes, uint64_t{kClients});
  EXPECT_EQ(cluster.Sum().admissions_deferred, 0u);
}

// Whatever happens to them while they wait.
TEST(Admission, ClientsThatGiveUpLeaveNothingBehind) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    World world(seed);
    ClusterOptions options = Options();
    options.layers = seed % 2 == 0 ? "k" : "";
    options.config.listeners[0].connections_per_second_max = 20;
    if (seed % 2 == 0) {
      options.config.listeners[0].tls.use = broker::TlsUse::kRequired;
      options.config.listeners[0].tls.handshakes_per_second_max = 10;
    }
    Cluster cluster(world, options);
    Crowd crowd(cluster, kClients);
    for (size_t i = 0; i < kClients; ++i) {
      if (world.random.Below(2) == 0) crowd[i].Reset();
      if (world.random.Below(4) == 0) (void)crowd.InAfter(world.UpTo(kSecond));
    }
    EXPECT_TRUE(cluster.RunFor(30 * kSecond, [&] {
      const broker::Statistics sum = cluster.Sum();
      return sum.connections == sum.sessions && sum.connections_accepted >= kClients / 4;
    }));
    cluster.Audit();
  }
}

}  // namespace
}  // namespace ringmq::sim
