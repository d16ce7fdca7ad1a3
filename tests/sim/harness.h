// One run of the simulation: everything drawn from a seed, in four acts.
//
//   1. Safety: clients misbehave, the network and the rings fail; the oracle watches each delivery.
//   2. Liveness: faults stop, clients settle; everything owed must arrive in bounded time.
//   3. A new subscriber sees exactly the last retained message of each topic.
//   4. Everybody leaves; nothing may be left behind.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/cluster.h"
#include "sim/model_client.h"
#include "sim/oracle.h"
#include "sim/world.h"

namespace ringmq::sim {

struct RunOptions {
  uint64_t seed = 1;
  Duration safety_time = 3 * kSecond;
  bool trace = false;
};

struct RunReport {
  uint64_t hash = 0;  // Equal for equal options.
  size_t messages = 0;
  uint64_t deliveries = 0;
  Duration virtual_time;
};

class Harness {
 public:
  explicit Harness(const RunOptions& options);
  // Ends the process with a report if anything is wrong.
  [[nodiscard]] RunReport Run();
  [[nodiscard]] World& world() { return world_; }

 private:
  [[nodiscard]] ClusterOptions DrawCluster();
  void DrawClients();
  void Safety();
  void Liveness();
  void CheckRetained();
  void Leave();
  [[nodiscard]] std::vector<Actor*> Actors() const;

  const RunOptions options_;
  World world_;
  bool copy_per_subscription_ = false;
  bool may_drop_ = false;
  bool may_disconnect_ = false;
  Cluster cluster_;
  Oracle oracle_;
  std::vector<std::unique_ptr<ModelClient>> clients_;
};

}  // namespace ringmq::sim
