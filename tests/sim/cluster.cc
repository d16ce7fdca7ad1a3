// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "support/toy_layer.h"

namespace ringmq::sim {

using broker::CoreId;

namespace {

constexpr Duration kTurnMax = 500 * kMillisecond;
// How long things take: the clock moves a little with each action.
constexpr Duration kActionMax = 20 * kMicrosecond;

}  // namespace

void TraceLog::Emit(broker::LogLevel, std::string_view line) {
  world_.Note(fmt::format("broker: {}", line));
}

Cluster::Cluster(World& world, const ClusterOptions& options)
    : network(world, options.socket_buffer_bytes),
      world_(world),
      log_(world),
      mesh_(options.cores, options.lane_parcels) {
  network.SetLayers(options.layers);
  for (CoreId i = 0; i < options.cores; ++i) {
    nodes_.push_back(std::make_unique<Node>());
    nodes_[i]->ring =
        std::make_unique<SimRing>(world, network, options.pool_buffers, options.pool_buffer_bytes);
    mesh_.SetWaker(i, nodes_[i]->ring.get());
  }
  for (CoreId i = 0; i < options.cores; ++i) {
    nodes_[i]->shard = std::make_unique<broker::Shard>(
        broker::ShardOptions{
            .index = i, .count = options.cores, .seed = world.seed() + i, .hash_key = world.seed()},
        options.config, *nodes_[i]->ring, mesh_, shared_, authenticator_, auth_methods_, log_);
    if (!options.layers.empty()) {
      // Bytes must not be under way in either direction when it moves into the kernel.
      const auto on_move = [ring = nodes_[i]->ring.get()](int fd) {
        RMQ_CHECK(ring->Outstanding(fd) == 0);
      };
      nodes_[i]->shard->SetMakeTunnel([keys = options.layers, on_move](uint32_t, int) {
        return std::make_unique<broker::Tunnel>(
            testing::MakeToyStack(testing::ToyLayer::Side::kServer, keys, on_move));
      });
      // Only one kind of toy layer moves into the kernel, which needs nothing done for it there.
      nodes_[i]->shard->SetKernelTls(
          {.read_control = [](int, transport::ByteSink&) { return transport::ControlResult{}; },
           .say_goodbye = [](int) {},
           .sealed_bytes_max = options.kernel_sealed_bytes_max});
    }
  }
  for (uint32_t listener = 0; listener < options.config.listeners.size(); ++listener) {
    for (const auto& node : nodes_) node->shard->Listen(network.OpenListener(), listener);
  }
}

Cluster::~Cluster() {
  for (const auto& node : nodes_) node->shard.reset();
}

void Cluster::Turn(CoreId core) {
  Node& node = *nodes_[core];
  const bool mail = !mesh_.Empty(core);
  node.shard->Turn(kTurnMax);
  node.slept = node.ring->slept() && !mail;
  if (world_.ChanceOf100k(world_.faults.starve)) {
    node.starved_until = world_.now + world_.UpTo(3 * kSecond);
    world_.Note(fmt::format("core {} is not scheduled for a while", core));
  }
  if (++turns_ % kAuditEveryTurns == 0) Audit();
}

Instant Cluster::NextTurn(const Node& node, CoreId core) const {
  Instant next = node.ring->NextEvent();
  // It has not yet said when it wants its next turn, or mail waits.
  if (!node.slept || !mesh_.Empty(core)) next = world_.now;
  return std::max(next, node.starved_until);
}

bool Cluster::RunUntil(Instant end, const std::vector<Actor*>& actors,
                       const std::function<bool()>& done) {
  while (!done()) {
    if (world_.now >= end) return false;
    Instant next = end;
    std::vector<size_t> due;
    for (size_t i = 0; i < nodes_.size() + actors.size(); ++i) {
      const Instant when = i < nodes_.size() ? NextTurn(*nodes_[i], static_cast<CoreId>(i))
                                             : actors[i - nodes_.size()]->NextAction();
      if (when <= world_.now || (i < nodes_.size() && world_.Chance(world_.faults.spurious_wake) &&
                                 nodes_[i]->starved_until <= world_.now)) {
        due.push_back(i);
      }
      next = std::min(next, when);
    }
    if (due.empty()) {
      world_.now = next;
      continue;
    }
    const size_t chosen = due[world_.random.Below(due.size())];
    if (chosen < nodes_.size()) {
      Turn(static_cast<CoreId>(chosen));
    } else {
      actors[chosen - nodes_.size()]->Act();
    }
    world_.now = world_.now + world_.UpTo(kActionMax);
  }
  return true;
}

bool Cluster::RunFor(Duration time, const std::function<bool()>& done) {
  return RunUntil(world_.now + time, {}, done);
}

bool Cluster::Idle() const {
  for (CoreId i = 0; i < cores(); ++i) {
    if (!nodes_[i]->shard->idle() || !mesh_.Empty(i)) return false;
  }
  return true;
}

void Cluster::Audit() const {
  for (const auto& node : nodes_) node->shard->Audit();
}

broker::Statistics Cluster::Sum() const {
  broker::Statistics sum;
  for (const auto& node : nodes_) sum.Add(node->shard->Snapshot());
  return sum;
}

CoreId Cluster::HomeOf(std::string_view client_id) const {
  return nodes_[0]->shard->core().HomeOf(client_id);
}

}  // namespace ringmq::sim
