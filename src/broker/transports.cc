// SPDX-License-Identifier: Apache-2.0
#include "broker/transports.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "broker/peer_address.h"
#include "transport/proxy_layer.h"
#include "transport/refusing_layer.h"
#include "transport/sniff.h"
#include "transport/websocket_layer.h"

namespace ringmq::broker {

using transport::Layer;
using transport::Sniffed;
using transport::SniffLayer;
using transport::TlsServerContextPtr;
using transport::WebSocketServerLayer;

namespace {

bool IsIn(const base::AddressSet& set, int fd) {
  const std::optional<base::IpAddress> address = PeerIpOf(fd);
  // One that was reset already has no address either, and could come from anywhere.
  return address.has_value() ? set.Contains(*address) : set.contains_unix() && IsUnixSocket(fd);
}

// In a configuration.
std::string KeyOf(size_t listener, const std::string& option) {
  if (option == "keylog_file") return "server.tls_keylog_file";  // One for all.
  const std::string where = fmt::format("listeners[{}]", listener);
  return option.empty() ? where : where + ".tls_" + option;
}

}  // namespace

Transports::Transports(const Config& config) {
  for (const ListenerConfig& listener : config.listeners) {
    Listener& made = listeners_.emplace_back();
    made.transport = listener.transport;
    made.upgrade_rules.paths = listener.websocket_paths;
    made.upgrade_rules.origins = listener.websocket_origins;
    made.proxied_upgrade_rules = made.upgrade_rules;
    made.proxied_upgrade_rules.is_trusted_proxy = true;
    made.proxy_protocol = listener.proxy_protocol;
    for (const std::string& block : listener.trusted_proxies) {
      RMQ_CHECK(made.trusted_proxies.Add(block).empty());  // Validate() saw to it.
    }
    made.tls_use = listener.tls.use;
    if (made.tls_use == TlsUse::kOff) continue;
    made.tls = std::make_unique<TlsListener>(listener, config.server.tls_keylog_file);
  }
}

absl::StatusOr<std::unique_ptr<Transports>> Transports::Load(const Config& config) {
  std::unique_ptr<Transports> transports(new Transports(config));
  if (const absl::Status status = transports->Reload(); !status.ok()) return status;
  return transports;
}

absl::Status Transports::Reload() {
  std::vector<TlsServerContextPtr> contexts(listeners_.size());
  std::vector<std::string> warnings;
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].tls == nullptr) continue;
    absl::StatusOr<TlsServerContextPtr> context = listeners_[i].tls->Load();
    if (!context.ok()) {
      const std::string cause(context.status().message());
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", KeyOf(i, transport::TlsOptionOf(context.status())), cause));
    }
    for (const std::string& warning : (*context)->warnings()) {
      warnings.push_back(fmt::format("listeners[{}]: {}", i, warning));
    }
    contexts[i] = *std::move(context);
  }
  // Nothing can fail any more.
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (contexts[i] != nullptr) listeners_[i].tls->Use(std::move(contexts[i]));
  }
  warnings_ = std::move(warnings);
  return absl::OkStatus();
}

void Transports::AddTls(const Listener& from, Instant now, Layers& layers) {
  switch (from.tls_use) {
    case TlsUse::kOff:
      return;
    case TlsUse::kRequired:
      layers.push_back(from.tls->MakeLayer(now));
      return;
    case TlsUse::kOptional:
      layers.push_back(std::make_unique<SniffLayer>(
          [&tls = *from.tls, now](Sniffed found) -> std::unique_ptr<Layer> {
            if (found != Sniffed::kTls) return nullptr;
            return tls.MakeLayer(now);
          }));
      return;
  }
  RMQ_CHECK(false);
}

void Transports::AddProxyHeader(const Listener& from, bool is_proxy, Layers& layers) {
  if (from.proxy_protocol == ProxyProtocol::kOff) return;
  if (is_proxy) {
    layers.push_back(std::make_unique<transport::ProxyServerLayer>(transport::ProxyRules{}));
  } else {
    layers.push_back(std::make_unique<transport::RefusingLayer>(
        "it is no trusted proxy, and this listener is for those only"));
  }
}

void Transports::AddWebSocket(const Listener& from, bool is_proxy, Layers& layers) {
  const transport::UpgradeRules& rules = is_proxy ? from.proxied_upgrade_rules : from.upgrade_rules;
  switch (from.transport) {
    case Transport::kTcp:
      return;
    case Transport::kWebSocket:
      layers.push_back(std::make_unique<WebSocketServerLayer>(rules));
      return;
    case Transport::kAny:
      layers.push_back(
          std::make_unique<SniffLayer>([&rules](Sniffed found) -> std::unique_ptr<Layer> {
            if (found != Sniffed::kHttp) return nullptr;  // MQTT, or what it refuses.
            return std::make_unique<WebSocketServerLayer>(rules);
          }));
      return;
  }
  RMQ_CHECK(false);
}

std::unique_ptr<Tunnel> Transports::Make(uint32_t listener, int fd, Instant now) const {
  RMQ_CHECK(listener < listeners_.size());
  const Listener& from = listeners_[listener];
  const bool is_proxy = !from.trusted_proxies.empty() && IsIn(from.trusted_proxies, fd);
  Layers layers;
  AddProxyHeader(from, is_proxy, layers);
  AddTls(from, now, layers);
  AddWebSocket(from, is_proxy, layers);
  if (layers.empty()) return nullptr;
  return std::make_unique<Tunnel>(transport::LayerStack(std::move(layers)));
}

}  // namespace ringmq::broker
