// SPDX-License-Identifier: Apache-2.0
#include "client/layering.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ip_address.h"
#include "transport/proxy_layer.h"
#include "transport/websocket_layer.h"

namespace ringmq::client {
namespace {

bool HasTls(const Endpoint& endpoint) {
  return endpoint.transport == Transport::kTls || endpoint.transport == Transport::kWebSocketTls;
}

bool HasWebSocket(const Endpoint& endpoint) {
  return endpoint.transport == Transport::kWebSocket ||
         endpoint.transport == Transport::kWebSocketTls;
}

bool HasFailed(const transport::Layer* layer) {
  return layer != nullptr && layer->state() == transport::LayerState::kFailed;
}

bool IsOpening(const transport::Layer* layer) {
  return layer != nullptr && layer->state() == transport::LayerState::kOpening;
}

// Null `alpn`: none of our own.
transport::TlsClientOptions OptionsOf(const TlsOptions& tls, const char* alpn) {
  transport::TlsClientOptions options;
  options.trust = {.ca_file = tls.ca_file, .ca_path = tls.ca_path, .crl_file = tls.crl_file};
  options.key_pair = {.certificate_file = tls.certificate_file,
                      .key_file = tls.key_file,
                      .key_password = tls.key_password};
  options.insecure = !tls.verify;
  options.server_name = tls.server_name;
  options.protocol.version_min =
      tls.version_min == TlsVersion::k13 ? transport::TlsVersion::k13 : transport::TlsVersion::k12;
  options.protocol.ciphers = tls.ciphers;
  options.protocol.ciphersuites = tls.ciphersuites;
  options.protocol.curves = tls.curves;
  options.protocol.alpn = tls.alpn;
  if (tls.alpn.empty() && alpn != nullptr) options.protocol.alpn = {alpn};
  options.protocol.keylog_file = tls.keylog_file;
  options.psk_identity = tls.psk_identity;
  options.psk_hex_key = tls.psk_hex_key;
  options.resume = tls.resume;
  options.protocol.record_layer = transport::TlsRecordLayer::kOwn;
  return options;
}

// Requires: what CheckOptions() demands of them.
std::unique_ptr<transport::Layer> MakeHeader(const ProxyProtocolOptions& options, uint16_t port) {
  transport::ProxyHeader header;
  if (options.source.empty()) {
    header.is_local = true;
  } else {
    const auto source = base::ParseAddressAndPort(options.source);
    RMQ_CHECK(source.has_value());
    header.family = transport::ProxyHeader::Family::kIp;
    header.source = source->address;
    header.source_port = source->port;
    header.destination = *base::IpAddress::Parse(source->address.is_v4() ? "127.0.0.1" : "::1");
    header.destination_port = port;
  }
  const bool is_v1 = options.version == ProxyProtocol::kV1;
  return std::make_unique<transport::ProxyClientLayer>(
      header, transport::ProxyWriting{.version = is_v1 ? transport::ProxyVersion::kV1
                                                       : transport::ProxyVersion::kV2});
}

}  // namespace

Expected<void> Layering::Prepare(const Endpoint& endpoint) {
  if (HasProxy(endpoint)) {
    Expected<void> prepared = PrepareProxy();
    if (!prepared.ok()) return prepared;
  }
  if (!HasTls(endpoint)) return {};
  const bool is_web = HasWebSocket(endpoint);
  transport::TlsClientContextPtr& context = contexts_[is_web ? 1 : 0];
  if (context != nullptr) return {};
  auto made =
      transport::TlsClientContext::Make(OptionsOf(options_.tls, is_web ? "http/1.1" : "mqtt"));
  if (!made.ok()) return Error(Errc::kInvalidArgument, std::string(made.status().message()));
  context = *std::move(made);
  return {};
}

Expected<void> Layering::PrepareProxy() {
  const ProxyOptions& proxy = options_.proxy;
  if (!proxy.tls.has_value() || proxy_context_ != nullptr) return {};
  const char* const alpn = proxy.kind == ProxyKind::kHttpConnect ? "http/1.1" : nullptr;
  auto made = transport::TlsClientContext::Make(OptionsOf(*proxy.tls, alpn));
  if (!made.ok()) {
    return Error(Errc::kInvalidArgument, absl::StrCat("proxy.tls: ", made.status().message()));
  }
  proxy_context_ = *std::move(made);
  return {};
}

std::vector<std::unique_ptr<transport::Layer>> Layering::Make(const Endpoint& endpoint,
                                                              uint16_t port) {
  std::vector<std::unique_ptr<transport::Layer>> made;
  Forget();
  proxy_ = ProxyHandshake::Progress::kDone;
  if (HasProxy(endpoint)) {
    const ProxyOptions& proxy = options_.proxy;
    if (proxy.tls.has_value()) {
      RMQ_CHECK(proxy_context_ != nullptr);
      made.push_back(transport::MakeClientLayer(proxy_context_, proxy.host, proxy.port));
      proxy_tls_ = made.back().get();
    }
    made.push_back(
        std::make_unique<ProxyLayer>(ProxyHandshake(proxy, endpoint.host, port), proxy_));
  }
  if (options_.proxy_protocol.version != ProxyProtocol::kOff) {
    made.push_back(MakeHeader(options_.proxy_protocol, port));
  }
  const bool is_web = HasWebSocket(endpoint);
  if (HasTls(endpoint)) {
    const transport::TlsClientContextPtr& context = contexts_[is_web ? 1 : 0];
    RMQ_CHECK(context != nullptr);
    made.push_back(transport::MakeClientLayer(context, endpoint.host, port));
    tls_ = made.back().get();
  }
  if (is_web) made.push_back(MakeWebSocket(endpoint, port));
  return made;
}

Phase Layering::phase() const {
  if (HasFailed(proxy_tls_) || IsOpening(proxy_tls_)) return Phase::kProxy;
  if (proxy_ != ProxyHandshake::Progress::kDone) return Phase::kProxy;
  return HasFailed(tls_) || IsOpening(tls_) ? Phase::kTls : Phase::kUpgrade;
}

Error Layering::ErrorOf(std::string_view text, bool opening) const {
  if (HasFailed(proxy_tls_)) {
    const ProxyOptions& proxy = options_.proxy;
    return Error(Errc::kTlsFailed, absl::StrCat("proxy ", proxy.host, ":", proxy.port, ": ",
                                                absl::string_view(text.data(), text.size())));
  }
  Errc code = opening ? Errc::kUpgradeFailed : Errc::kProtocolError;
  if (proxy_ == ProxyHandshake::Progress::kFailed) code = Errc::kProxyRefused;
  if (HasFailed(tls_)) code = Errc::kTlsFailed;
  return Error(code, std::string(text));
}

std::unique_ptr<transport::Layer> Layering::MakeWebSocket(const Endpoint& endpoint, uint16_t port) {
  transport::UpgradeOffer offer;
  offer.host = transport::HostField(endpoint.host, port, HasTls(endpoint));
  offer.path = endpoint.path;
  // MQTT 3.1 had a name of its own.
  offer.subprotocol = options_.version == ProtocolVersion::kV31 ? "mqttv3.1" : "mqtt";
  offer.headers = options_.websocket_headers;
  return transport::MakeWebSocketClient(std::move(offer), random_.Next());
}

}  // namespace ringmq::client
