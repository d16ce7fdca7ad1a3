// Makes what stands between MQTT and a socket, as an endpoint and a proxy want it, and tells which
// part of it an opening has come to.
//
//   socket <-> [TLS to the proxy] <-> [proxy] <-> [TLS] <-> [WebSocket] <-> MQTT
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "client/proxy.h"
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

  // Whether a connection to `endpoint` goes through the proxy.
  [[nodiscard]] bool HasProxy(const Endpoint& endpoint) const {
    return options_.proxy.kind != ProxyKind::kNone && endpoint.transport != Transport::kUnix;
  }
  [[nodiscard]] bool IsNeeded(const Endpoint& endpoint) const {
    return HasProxy(endpoint) || options_.proxy_protocol.version != ProxyProtocol::kOff ||
           (endpoint.transport != Transport::kTcp && endpoint.transport != Transport::kUnix);
  }

  // Reads the files of TLS if they are needed and nobody did. An error names the file and the
  // cause.
  [[nodiscard]] Expected<void> Prepare(const Endpoint& endpoint);

  // Bottom first, for one connection to `endpoint`, whose port is `port`. They may not outlive
  // this. Requires: Prepare().
  [[nodiscard]] std::vector<std::unique_ptr<transport::Layer>> Make(const Endpoint& endpoint,
                                                                    uint16_t port);

  // --- Of what was made last, until Forget(). Requires: it lives.
  // What is opening, or has failed to.
  [[nodiscard]] Phase phase() const;
  // It has failed, and `text` is why. `opening`: before it was open.
  [[nodiscard]] Error ErrorOf(std::string_view text, bool opening) const;
  void Forget() { proxy_tls_ = tls_ = nullptr; }

 private:
  [[nodiscard]] Expected<void> PrepareProxy();
  [[nodiscard]] std::unique_ptr<transport::Layer> MakeWebSocket(const Endpoint& endpoint,
                                                                uint16_t port);

  const Options& options_;
  base::Random random_;
  // By what is agreed by ALPN: 0 MQTT, 1 HTTP. Null: not read yet.
  transport::TlsClientContextPtr contexts_[2];
  transport::TlsClientContextPtr proxy_context_;
  // Null: none was made.
  const transport::Layer* proxy_tls_ = nullptr;
  const transport::Layer* tls_ = nullptr;
  // kDone also where there is no proxy.
  ProxyHandshake::Progress proxy_ = ProxyHandshake::Progress::kDone;
};

}  // namespace ringmq::client
