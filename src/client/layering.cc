// SPDX-License-Identifier: Apache-2.0
#include "client/layering.h"

#include <string>
#include <utility>

#include "base/check.h"
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
  options.protocol.alpn = tls.alpn.empty() ? std::vector<std::string>{alpn} : tls.alpn;
  options.protocol.keylog_file = tls.keylog_file;
  options.psk_identity = tls.psk_identity;
  options.psk_hex_key = tls.psk_hex_key;
  options.resume = tls.resume;
  options.protocol.record_layer = transport::TlsRecordLayer::kOwn;
  return options;
}

}  // namespace

Expected<void> Layering::Prepare(const Endpoint& endpoint) {
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

Layering::Made Layering::Make(const Endpoint& endpoint, uint16_t port) {
  Made made;
  const bool is_web = HasWebSocket(endpoint);
  if (HasTls(endpoint)) {
    const transport::TlsClientContextPtr& context = contexts_[is_web ? 1 : 0];
    RMQ_CHECK(context != nullptr);
    made.layers.push_back(transport::MakeClientLayer(context, endpoint.host, port));
    made.tls = made.layers.back().get();
  }
  if (is_web) made.layers.push_back(MakeWebSocket(endpoint, port));
  return made;
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
