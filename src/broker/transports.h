// What listeners put between a connection's socket and MQTT, made from their configuration.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "broker/config.h"
#include "broker/tunnel.h"
#include "transport/http_upgrade.h"

namespace ringmq::broker {

// Constant after construction: all shards share one, which outlives every tunnel.
class Transports {
 public:
  explicit Transports(const Config& config);

  // For a connection that `listener`, an index into Config::listeners, has accepted. Null: none is
  // needed.
  [[nodiscard]] std::unique_ptr<Tunnel> Make(uint32_t listener) const;

 private:
  struct Listener {
    Transport transport = Transport::kTcp;
    transport::UpgradeRules upgrade_rules;
  };
  std::vector<Listener> listeners_;
};

}  // namespace ringmq::broker
