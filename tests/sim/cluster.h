// The shards of one broker in one thread, on the imitated network, in virtual time.
//
// The clock moves only in RunUntil(): whatever has something to do at the present moment does it,
// in random order; when nobody has, the clock jumps to the next event. A core may be left without
// turns for seconds.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "broker/auth.h"
#include "broker/config.h"
#include "broker/log.h"
#include "broker/shard.h"
#include "sim/sim_network.h"
#include "sim/sim_ring.h"
#include "sim/world.h"

namespace ringmq::sim {

// Lines of the broker's log go into the trace.
class TraceLog final : public broker::Log {
 public:
  explicit TraceLog(World& world) : Log(broker::LogLevel::kDebug), world_(world) {}

 protected:
  void Emit(broker::LogLevel level, std::string_view line) override;

 private:
  World& world_;
};

struct ClusterOptions {
  broker::CoreId cores = 2;
  size_t lane_parcels = 64;
  size_t socket_buffer_bytes = 4096;
  size_t pool_buffers = 16;
  size_t pool_buffer_bytes = 512;
  std::string layers;  // Toy layers below MQTT, one a letter; empty: none.
  uint64_t kernel_sealed_bytes_max = broker::kKernelSealedBytesMax;
  broker::Config config;
};

// Something else that lives in virtual time: a client.
class Actor {
 public:
  virtual ~Actor() = default;
  [[nodiscard]] virtual Instant NextAction() const = 0;
  virtual void Act() = 0;
};

class Cluster {
 public:
  Cluster(World& world, const ClusterOptions& options);
  ~Cluster();

  // Runs until `done` holds or the clock reaches `end`; says whether `done` holds.
  bool RunUntil(Instant end, const std::vector<Actor*>& actors, const std::function<bool()>& done);
  // Shards only.
  bool RunFor(Duration time, const std::function<bool()>& done);

  // Gives one shard one turn, whether it has something to do or not.
  void Turn(broker::CoreId core);
  // No turns for this core until then.
  void Starve(broker::CoreId core, Instant until) { nodes_[core]->starved_until = until; }

  [[nodiscard]] bool Idle() const;
  void Audit() const;
  [[nodiscard]] broker::Statistics Sum() const;
  [[nodiscard]] broker::CoreId HomeOf(std::string_view client_id) const;
  [[nodiscard]] broker::CoreId cores() const { return static_cast<broker::CoreId>(nodes_.size()); }
  [[nodiscard]] broker::Shard& shard(broker::CoreId core) { return *nodes_[core]->shard; }

  SimNetwork network;

 private:
  static constexpr uint64_t kAuditEveryTurns = 64;

  struct Node {
    std::unique_ptr<SimRing> ring;
    std::unique_ptr<broker::Shard> shard;
    bool slept = false;
    Instant starved_until = {};
  };
  [[nodiscard]] Instant NextTurn(const Node& node, broker::CoreId core) const;

  World& world_;
  TraceLog log_;
  const broker::AuthMethods auth_methods_;
  broker::DirectAuthenticator authenticator_{broker::PasswordTable()};
  broker::CoreMesh mesh_;
  broker::Shared shared_;
  std::vector<std::unique_ptr<Node>> nodes_;
  uint64_t turns_ = 0;
};

}  // namespace ringmq::sim
