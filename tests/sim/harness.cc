// SPDX-License-Identifier: Apache-2.0
#include "sim/harness.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sim/collector.h"

namespace ringmq::sim {
namespace {

// Generous: what takes longer in virtual time without faults hangs.
constexpr Duration kSettleMax = 60 * kSecond;
constexpr Duration kAtRest = 3 * kSecond;

// Between sockets and MQTT; capital letters are gone after their greeting.
constexpr std::string_view kToyLayers[] = {"k", "kl", "K", "Kl", "kL", "KL", "0", "0k", "K0"};

}  // namespace

Harness::Harness(const RunOptions& options)
    : options_(options), world_(options.seed), cluster_(world_, DrawCluster()), oracle_(world_) {
  world_.trace_all = options.trace;
  world_.repeat_command = fmt::format("ringmq-sim --seed {} --seeds 1 --seconds {} --trace",
                                      options.seed, options.safety_time.ns / kSecond.ns);
  oracle_.set_copy_per_subscription(copy_per_subscription_);
  oracle_.set_may_drop(may_drop_);
  DrawClients();
}

ClusterOptions Harness::DrawCluster() {
  base::Random& random = world_.random;
  ClusterOptions options;
  options.cores = static_cast<broker::CoreId>(1 + random.Below(4));
  options.lane_parcels = size_t{1} << (1 + random.Below(7));
  options.socket_buffer_bytes = 64 + random.Below(8000);
  options.pool_buffers = 1 + random.Below(16);
  options.pool_buffer_bytes = 16 + random.Below(2000);
  if (random.Chance(1, 3)) options.layers = kToyLayers[random.Below(std::size(kToyLayers))];
  broker::Config& config = options.config;
  config.listeners[0].allow_anonymous = broker::AllowAnonymous::kAlways;
  config.mqtt.sys_interval_s = 0;
  config.mqtt.shared_strategy = static_cast<broker::SharedStrategy>(random.Below(6));
  copy_per_subscription_ = random.Chance(1, 4);
  config.mqtt.overlapping =
      copy_per_subscription_ ? broker::Overlapping::kPerSubscription : broker::Overlapping::kOnce;
  broker::LimitsConfig& limits = config.limits;
  limits.receive_maximum = static_cast<uint16_t>(4 + random.Below(20));
  limits.in_flight_max = static_cast<uint16_t>(1 + random.Below(20));
  limits.output_bytes_high_mark = 200 + random.Below(10'000);
  limits.output_bytes_max = limits.output_bytes_high_mark + random.Below(10'000);
  if (random.Chance(1, 4)) {
    may_drop_ = true;
    limits.queued_messages_max = static_cast<uint32_t>(1 + random.Below(20));
    limits.queue_overflow = static_cast<broker::OverflowPolicy>(random.Below(3));
    may_disconnect_ = limits.queue_overflow == broker::OverflowPolicy::kDisconnect;
  }
  // None of its clients may notice either of these.
  if (random.Chance(1, 3)) config.listeners[0].mount_point = "mounted/";
  if (random.Chance(1, 4)) {
    config.listeners[0].connections_per_second_max = static_cast<uint32_t>(5 + random.Below(50));
  }
  return options;
}

void Harness::DrawClients() {
  const uint64_t count = 2 + world_.random.Below(8);
  for (uint64_t i = 0; i < count; ++i) {
    Temper temper = Temper::Draw(world_.random);
    temper.strict_goodbye = !may_disconnect_;
    clients_.push_back(
        std::make_unique<ModelClient>(world_, cluster_, oracle_, fmt::format("c{}", i), temper));
  }
  world_.faults = Faults::Draw(world_.random);
}

std::vector<Actor*> Harness::Actors() const {
  std::vector<Actor*> actors;
  for (const auto& client : clients_) actors.push_back(client.get());
  return actors;
}

void Harness::Safety() {
  world_.Note("--- safety");
  (void)cluster_.RunUntil(world_.now + options_.safety_time, Actors(), [] { return false; });
}

void Harness::Liveness() {
  world_.Note("--- liveness");
  world_.faults = {};
  for (const auto& client : clients_) client->BeginSettling();
  Instant settled_since = Instant::Max();
  // At rest: settled for longer than any timer of the broker that could still bring something.
  const bool rested = cluster_.RunUntil(world_.now + kSettleMax, Actors(), [&] {
    const bool settled = cluster_.Idle() &&
                         std::ranges::all_of(clients_, [](const auto& c) { return c->Settled(); });
    if (!settled) {
      settled_since = Instant::Max();
    } else if (settled_since == Instant::Max()) {
      settled_since = world_.now;
    }
    return settled && world_.now - settled_since >= kAtRest;
  });
  if (!rested) world_.Fail("clients and broker do not come to rest");
  cluster_.Audit();
  if (const std::string missing = oracle_.WhatIsMissing(); !missing.empty()) world_.Fail(missing);
  if (!may_drop_) {
    const broker::Statistics sum = cluster_.Sum();
    if (sum.dropped[static_cast<size_t>(broker::DropReason::kQueueFull)] != 0) {
      world_.Fail("a queue without a limit was full");
    }
    if (sum.malformed_packets + sum.protocol_errors + sum.transport_errors != 0) {
      world_.Fail("the broker misunderstood an obedient client");
    }
  }
}

void Harness::CheckRetained() {
  world_.Note("--- retained");
  Collector collector(world_, cluster_, "collector", "r/#");
  std::vector<Actor*> actors = Actors();
  actors.push_back(&collector);
  (void)cluster_.RunUntil(world_.now + kAtRest, actors, [] { return false; });
  if (!collector.subscribed()) world_.Fail("a new subscriber was not served");
  oracle_.CheckRetained(collector.payloads());
  collector.Leave();
}

void Harness::Leave() {
  world_.Note("--- leaving");
  for (const auto& client : clients_) client->BeginLeaving();
  const bool gone = cluster_.RunUntil(world_.now + kSettleMax, Actors(), [&] {
    return cluster_.Idle() && cluster_.network.open_streams() == 0 &&
           std::ranges::all_of(clients_, [](const auto& client) { return client->Gone(); });
  });
  if (!gone) world_.Fail("something is left though everybody is gone");
  if (cluster_.Sum().connections != 0) world_.Fail("the broker counts connections that are gone");
  cluster_.Audit();
}

RunReport Harness::Run() {
  Safety();
  Liveness();
  CheckRetained();
  Leave();
  return {.hash = world_.hash(),
          .messages = oracle_.messages(),
          .deliveries = oracle_.deliveries(),
          .virtual_time = world_.now - Instant{}};
}

}  // namespace ringmq::sim
