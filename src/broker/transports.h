// What listeners put between a connection's socket and MQTT, made from their configuration.
//
//   socket <-> [PROXY header] <-> [TLS, or whatever the first bytes ask for] <-> [WebSocket,
//   likewise] <-> MQTT
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/address_set.h"
#include "base/time.h"
#include "broker/config.h"
#include "broker/tls_listener.h"
#include "broker/tunnel.h"
#include "transport/http_upgrade.h"

namespace ringmq::broker {

// All shards share one, which outlives every tunnel. Constant but for the files that Reload()
// reads.
class Transports {
 public:
  // Reads certificates and keys. Errors name the listener, the file and the cause.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Transports>> Load(const Config& config);

  // Reads them again, for connections to come. On an error everything stays as it was.
  [[nodiscard]] absl::Status Reload();

  // What an operator should know of the files that were read last: an expired certificate.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  // For a connection that `listener`, an index into Config::listeners, has accepted. Null: none is
  // needed. `fd` is its socket. Any thread.
  [[nodiscard]] std::unique_ptr<Tunnel> Make(uint32_t listener, int fd, Instant now) const;

 private:
  struct Listener {
    Transport transport = Transport::kTcp;
    transport::UpgradeRules upgrade_rules;
    transport::UpgradeRules proxied_upgrade_rules;  // For peers that are trusted proxies.
    ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
    base::AddressSet trusted_proxies;
    TlsUse tls_use = TlsUse::kOff;
    std::unique_ptr<TlsListener> tls;  // Null with kOff.
  };
  using Layers = std::vector<std::unique_ptr<transport::Layer>>;

  explicit Transports(const Config& config);
  static void AddTls(const Listener& from, Instant now, Layers& layers);
  static void AddProxyHeader(const Listener& from, bool is_proxy, Layers& layers);
  static void AddWebSocket(const Listener& from, bool is_proxy, Layers& layers);

  std::vector<Listener> listeners_;
  std::vector<std::string> warnings_;
};

}  // namespace ringmq::broker
