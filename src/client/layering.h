// Makes what stands between MQTT and a socket, as an endpoint wants it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "ringmq/options.h"
#include "transport/layer.h"
#include "transport/tls_client_context.h"

namespace ringmq::client {

class Layering {
 public:
  // `options` outlive it.
  Layering(const Options& options, uint64_t seed) : options_(options), random_(seed) {}
  Layering(const Layering&) = delete;
  Layering& operator=(const Layering&) = delete;

  [[nodiscard]] static bool IsNeeded(const Endpoint& endpoint) {
    return endpoint.transport != Transport::kTcp && endpoint.transport != Transport::kUnix;
  }

  // Reads the files of TLS if they are needed and nobody did. An error names the file and the
  // cause.
  [[nodiscard]] Expected<void> Prepare(const Endpoint& endpoint);

  struct Made {
    std::vector<std::unique_ptr<transport::Layer>> layers;  // Bottom first.
    const transport::Layer* tls = nullptr;                  // One of them; lives as long.
  };
  // For one connection to `endpoint`, whose port is `port`. The layers may not outlive this.
  // Requires: Prepare().
  [[nodiscard]] Made Make(const Endpoint& endpoint, uint16_t port);

 private:
  [[nodiscard]] std::unique_ptr<transport::Layer> MakeWebSocket(const Endpoint& endpoint,
                                                                uint16_t port);

  const Options& options_;
  base::Random random_;
  // By what is agreed by ALPN: 0 MQTT, 1 HTTP. Null: not read yet.
  transport::TlsClientContextPtr contexts_[2];
};

}  // namespace ringmq::client
