// What the layers of a transport found out about a peer: whoever decides on names and rights reads
// it when CONNECT arrives.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringmq::transport {

// Of the certificate that the peer proved to own, verified against our authorities.
struct CertificateFacts {
  std::string common_name{};         // The last CN of the subject, as UTF-8.
  std::string distinguished_name{};  // RFC 2253, as UTF-8: "CN=a,O=b".
  std::vector<std::string> dns_names{};
  std::vector<std::string> email_addresses{};
  std::vector<std::string> uris{};
  std::string fingerprint_sha256{};  // Lowercase hexadecimal digits.
};

struct TlsFacts {
  bool used = false;
  bool resumed = false;
  std::string version{};      // "TLSv1.3"
  std::string cipher{};       // "TLS_AES_256_GCM_SHA384"
  std::string server_name{};  // SNI; empty: none.
  std::string alpn{};         // What was agreed; empty: nothing.
  std::string psk_identity{};
  bool has_certificate = false;
  CertificateFacts certificate;  // Meaningful with has_certificate.
};

struct WebSocketFacts {
  bool used = false;
  std::string path{};  // Of the request, without its query.
  std::string subprotocol{};
  std::string origin{};
  std::string
      forwarded_for{};  // The address in X-Forwarded-For that our trusted proxies vouch for.
};

struct ProxyFacts {
  bool used = false;     // A PROXY header was there,
  bool local = false;    // and said LOCAL or UNKNOWN: the proxy speaks for itself.
  std::string source{};  // Numeric address; "/path" for AF_UNIX.
  uint16_t source_port = 0;
  std::string destination{};
  uint16_t destination_port = 0;
  std::string server_name{};          // PP2_TYPE_AUTHORITY
  std::string alpn{};                 // PP2_TYPE_ALPN
  bool tls = false;                   // The client came to the proxy with TLS,
  bool certificate_verified = false;  // and showed a certificate that the proxy verified.
  std::string certificate_common_name{};
};

struct PeerFacts {
  ProxyFacts proxy;
  TlsFacts tls;
  WebSocketFacts websocket;
};

}  // namespace ringmq::transport
