// The simplest client: subscribes to one filter at QoS 0 and keeps what comes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/cluster.h"

namespace ringmq::sim {

class Collector final : public Actor {
 public:
  Collector(World& world, Cluster& cluster, std::string_view client_id, std::string_view filter);

  [[nodiscard]] Instant NextAction() const override { return next_action_; }
  void Act() override;
  void Leave();

  [[nodiscard]] bool subscribed() const { return subscribed_; }
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& payloads() const {
    return payloads_;
  }

 private:
  World& world_;
  Cluster& cluster_;
  StreamId stream_;
  std::vector<uint8_t> input_;
  std::map<std::string, std::vector<std::string>> payloads_;
  bool subscribed_ = false;
  Instant next_action_;
};

}  // namespace ringmq::sim
