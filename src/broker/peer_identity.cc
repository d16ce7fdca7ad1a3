// SPDX-License-Identifier: Apache-2.0
#include "broker/peer_identity.h"

#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "broker/limits.h"

namespace ringmq::broker {
namespace {

using transport::CertificateFacts;

// One certificate is for one client here, so its first name is its name.
std::string AlternativeName(const CertificateFacts& certificate) {
  for (const auto* names :
       {&certificate.dns_names, &certificate.email_addresses, &certificate.uris}) {
    if (!names->empty()) return names->front();
  }
  return {};
}

std::string NameIn(const CertificateFacts& certificate, IdentitySource source) {
  switch (source) {
    case IdentitySource::kCertificateCn:
      return certificate.common_name;
    case IdentitySource::kCertificateDn:
      return certificate.distinguished_name;
    case IdentitySource::kCertificateSan:
      return AlternativeName(certificate);
    case IdentitySource::kNone:
    case IdentitySource::kUnixUser:
      break;
  }
  RMQ_CHECK(false);
}

bool IsMqttString(std::string_view text) {
  return text.size() <= kMqttStringBytesMax && base::IsValidUtf8(text);
}

}  // namespace

std::optional<std::string> IdentityOf(const transport::PeerFacts& facts, IdentitySource source) {
  std::string name;
  if (facts.tls.has_certificate) {
    name = NameIn(facts.tls.certificate, source);
  } else if (!facts.tls.psk_identity.empty()) {
    name = facts.tls.psk_identity;
  } else if (facts.proxy.certificate_verified && source == IdentitySource::kCertificateCn) {
    name = facts.proxy.certificate_common_name;  // The only name that a PROXY header has.
  } else {
    return std::nullopt;
  }
  return IsMqttString(name) ? name : std::string();
}

std::string AnnouncedPeer(const transport::PeerFacts& facts) {
  const transport::ProxyFacts& proxy = facts.proxy;
  if (!facts.websocket.forwarded_for.empty()) return facts.websocket.forwarded_for;
  if (!proxy.used || proxy.local || proxy.source_port == 0) return proxy.source;
  const bool is_v6 = proxy.source.find(':') != std::string::npos;
  return (is_v6 ? "[" + proxy.source + "]" : proxy.source) + ":" +
         std::to_string(proxy.source_port);
}

}  // namespace ringmq::broker
