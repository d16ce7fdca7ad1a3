// Our client and our broker against each other, on a network that does its worst.
//
// SPDX-License-Identifier: Apache-2.0
#include "sim/core_client.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ringmq::sim {
namespace {

#ifdef RINGMQ_SANITIZED
constexpr uint64_t kSeeds = 30;
#else
constexpr uint64_t kSeeds = 300;
#endif

ClusterOptions DrawCluster(base::Random& random) {
  ClusterOptions options;
  options.cores = static_cast<broker::CoreId>(1 + random.Below(4));
  options.lane_parcels = size_t{1} << (1 + random.Below(7));
  options.socket_buffer_bytes = 64 + random.Below(8000);
  options.pool_buffers = 1 + random.Below(16);
  options.pool_buffer_bytes = 16 + random.Below(2000);
  broker::Config& config = options.config;
  config.listeners[0].allow_anonymous = broker::AllowAnonymous::kAlways;
  config.mqtt.sys_interval_s = 0;
  config.limits.receive_maximum = static_cast<uint16_t>(1 + random.Below(20));
  config.limits.in_flight_max = static_cast<uint16_t>(1 + random.Below(20));
  return options;
}

// Says what happened, for the count of the whole.
uint64_t RunSeed(uint64_t seed) {
  World world(seed);
  world.repeat_command =
      "ringmq_sim_tests --gtest_filter=CoreClients.*, and the seed " + std::to_string(seed);
  Cluster cluster(world, DrawCluster(world.random));
  CoreOracle oracle(world);
  std::vector<std::unique_ptr<CoreClient>> clients;
  std::vector<Actor*> actors;
  const int count = static_cast<int>(1 + world.random.Below(4));
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<CoreClient>(world, cluster, oracle, i));
    actors.push_back(clients.back().get());
  }
  const bool ready = cluster.RunUntil(world.now + 60 * kSecond, actors, [&] {
    return std::ranges::all_of(clients, [](const auto& client) { return client->subscribed(); });
  });
  if (!ready) world.Fail("nobody answers a SUBSCRIBE");

  world.faults = Faults::Draw(world.random);
  for (const auto& client : clients) client->set_lively(true);
  (void)cluster.RunUntil(world.now + kSecond, actors, [] { return false; });

  world.faults = {};
  for (const auto& client : clients) client->set_lively(false);
  const bool rested = cluster.RunUntil(world.now + 120 * kSecond, actors, [&] {
    return cluster.Idle() && oracle.WhatIsMissing(count).empty() &&
           std::ranges::all_of(clients, [](const auto& client) { return client->Settled(); });
  });
  if (!rested) {
    const std::string missing = oracle.WhatIsMissing(count);
    world.Fail(missing.empty() ? "clients and broker do not come to rest" : missing);
  }
  return oracle.deliveries();
}

// Clients whose sessions end with each connection, and a broker that takes small packets only.
void RunForgotten(uint64_t seed) {
  World world(seed);
  world.repeat_command = "ringmq_sim_core_client_tests, and the seed " + std::to_string(seed);
  ClusterOptions options = DrawCluster(world.random);
  options.config.limits.packet_size_bytes_max = static_cast<uint32_t>(80 + world.random.Below(200));
  Cluster cluster(world, options);
  CoreOracle oracle(world);
  CoreClientPlan plan{.filters = {}, .is_forgotten = true};
  const uint64_t filters = 1 + world.random.Below(40);
  for (uint64_t i = 0; i < filters; ++i) {
    plan.filters.push_back(std::to_string(i) + "/" + std::string(world.random.Below(45), 'f'));
  }
  std::vector<std::unique_ptr<CoreClient>> clients;
  std::vector<Actor*> actors;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<CoreClient>(world, cluster, oracle, i, plan));
    actors.push_back(clients.back().get());
  }
  const auto all = [&](auto holds) { return std::ranges::all_of(clients, holds); };
  const auto settled = [](const auto& client) { return client->Settled(); };
  if (!cluster.RunUntil(world.now + 60 * kSecond, actors, [&] {
        return all([](const auto& client) { return client->subscribed(); });
      })) {
    world.Fail("nobody answers a SUBSCRIBE");
  }
  for (const auto& client : clients) client->set_lively(true);
  (void)cluster.RunUntil(world.now + kSecond, actors, [] { return false; });
  for (const auto& client : clients) client->set_lively(false);
  if (!cluster.RunUntil(world.now + 60 * kSecond, actors, [&] { return all(settled); })) {
    world.Fail("the clients do not come to rest");
  }
  clients.front()->Announce();
  if (!cluster.RunUntil(world.now + 60 * kSecond, actors, [&] {
        return all([&](const auto& client) { return client->heard() == plan.filters.size(); });
      })) {
    world.Fail("a subscription was not asked for again");
  }
}

TEST(CoreClients, AskAgainForEverythingInPacketsThatTheBrokerTakes) {  // [MQTT-3.2.2-15]
  for (uint64_t seed = 1; seed <= kSeeds / 5; ++seed) RunForgotten(seed);
}

TEST(CoreClients, LoseNothingAndDoubleNothing) {
  uint64_t deliveries = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) deliveries += RunSeed(seed);
  EXPECT_GT(deliveries, kSeeds * 100);
}

}  // namespace
}  // namespace ringmq::sim
