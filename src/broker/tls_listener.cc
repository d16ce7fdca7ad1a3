// SPDX-License-Identifier: Apache-2.0
#include "broker/tls_listener.h"

#include <utility>

#include "base/check.h"

namespace ringmq::broker {
namespace {

using transport::ClientCertificates;
using transport::TlsServerOptions;
using transport::TlsVersion;

ClientCertificates CertificatesOf(TlsClientCertificates certificates) {
  switch (certificates) {
    case TlsClientCertificates::kOff:
      return ClientCertificates::kOff;
    case TlsClientCertificates::kOptional:
      return ClientCertificates::kOptional;
    case TlsClientCertificates::kRequired:
      return ClientCertificates::kRequired;
  }
  RMQ_CHECK(false);
}

transport::TlsRecordLayer RecordLayerOf(TlsRecordLayer layer) {
  switch (layer) {
    case TlsRecordLayer::kAuto:
      return transport::TlsRecordLayer::kKernel;
    case TlsRecordLayer::kUser:
      return transport::TlsRecordLayer::kOwn;
    case TlsRecordLayer::kOpenSsl:
      return transport::TlsRecordLayer::kOpenSsl;
  }
  RMQ_CHECK(false);
}

// A browser offers http/1.1 for WebSocket and nothing else.
std::vector<std::string> AlpnOf(const ListenerConfig& listener) {
  if (!listener.tls.alpn.empty()) return listener.tls.alpn;
  switch (listener.transport) {
    case Transport::kTcp:
      return {"mqtt"};
    case Transport::kWebSocket:
      return {"http/1.1"};
    case Transport::kAny:
      return {"mqtt", "http/1.1"};
  }
  RMQ_CHECK(false);
}

TlsServerOptions OptionsOf(const ListenerConfig& listener, const std::string& keylog_file) {
  const ListenerTlsConfig& tls = listener.tls;
  TlsServerOptions options;
  for (size_t i = 0; i < tls.certificate_files.size(); ++i) {
    options.key_pairs.push_back({.certificate_file = tls.certificate_files[i],
                                 .key_file = tls.key_files.empty() ? "" : tls.key_files[i],
                                 .key_password = tls.key_password});
  }
  options.trust = {.ca_file = tls.ca_file, .ca_path = tls.ca_path, .crl_file = tls.crl_file};
  options.client_certificates = CertificatesOf(tls.client_certificates);
  options.protocol.version_min =
      tls.version_min == TlsVersionMin::k13 ? TlsVersion::k13 : TlsVersion::k12;
  options.protocol.ciphers = tls.ciphers;
  options.protocol.ciphersuites = tls.ciphersuites;
  options.protocol.curves = tls.curves;
  options.protocol.alpn = AlpnOf(listener);
  options.protocol.keylog_file = keylog_file;
  options.protocol.record_layer = RecordLayerOf(tls.record_layer);
  options.psk_file = tls.psk_file;
  options.psk_hint = tls.psk_hint;
  options.tickets = tls.tickets;
  options.ticket_lifetime = int64_t{tls.ticket_lifetime_s} * kSecond;
  return options;
}

}  // namespace

TlsListener::TlsListener(const ListenerConfig& config, const std::string& keylog_file)
    : options_(OptionsOf(config, keylog_file)),
      ticket_keys_(std::make_shared<transport::TlsTicketKeys>(options_.ticket_lifetime)) {
  RMQ_CHECK(config.tls.use != TlsUse::kOff);
}

absl::StatusOr<transport::TlsServerContextPtr> TlsListener::Load() const {
  return transport::TlsServerContext::Make(options_, ticket_keys_);
}

void TlsListener::Use(transport::TlsServerContextPtr context) {
  const std::lock_guard lock(mutex_);
  std::swap(context_, context);
}

std::unique_ptr<transport::TlsLayer> TlsListener::MakeLayer(Instant now) const {
  ticket_keys_->RotateIfDue(now);
  transport::TlsServerContextPtr context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
  }
  return transport::MakeServerLayer(context, now);
}

}  // namespace ringmq::broker
