// What an operator or a user says about TLS, as plain values. Paths are of PEM files.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace ringmq::transport {

enum class TlsVersion : uint8_t { k12, k13 };

// Who seals and opens the records of a connection whose handshake is done.
enum class TlsRecordLayer : uint8_t {
  kOpenSsl,  // OpenSSL, to the end: 14 KB a connection.
  kOwn,      // TlsRecords, which takes a quarter of it. Ciphers that it has not, and clients of
             // TLS 1.3 that want to resume, stay with OpenSSL.
  kKernel,   // TlsRecords until MoveIntoKernel() finds that the kernel can do it (kTLS).
};

enum class ClientCertificates : uint8_t {
  kOff,       // Not asked for.
  kOptional,  // Asked for; one that does not verify ends the handshake.
  kRequired,
};

// A certificate with its chain, and its key.
struct TlsKeyPair {
  std::string certificate_file = {};
  std::string key_file = {};      // Empty: the key is in certificate_file.
  std::string key_password = {};  // Used only if the key is encrypted.
};

// Whom to believe. The client: the system's authorities if all are empty.
struct TlsTrust {
  std::string ca_file = {};
  std::string ca_path = {};   // A directory as `openssl rehash` makes it; all of it is read.
  std::string crl_file = {};  // One or more lists; applied to the peer's own certificate.
};

struct TlsProtocol {
  TlsVersion version_min = TlsVersion::k12;
  TlsVersion version_max = TlsVersion::k13;
  std::string ciphers = {};       // TLS 1.2, OpenSSL's syntax; empty: forward secret AEAD ciphers.
  std::string ciphersuites = {};  // TLS 1.3; empty: OpenSSL's three.
  std::string curves = {};        // "X25519:P-256"; empty: for a server fast ones.
  // What is offered or accepted, best first; empty: ALPN is not used. A server ends the handshake
  // only if the client offers something and none of it is here (RFC 7301 section 3.2): MQTT clients
  // without ALPN are the rule.
  std::vector<std::string> alpn = {"mqtt"};
  std::string keylog_file = {};  // Session keys for Wireshark are appended: for debugging only.
  TlsRecordLayer record_layer = TlsRecordLayer::kOpenSsl;
};

struct TlsServerOptions {
  // A client gets the pair whose certificate has the name that it asks for (SNI), "*.a.b" fitting
  // one label; the first if none does. Pairs with the same names and different kinds of keys (RSA
  // and ECDSA) belong together. May be empty if there is a psk_file.
  std::vector<TlsKeyPair> key_pairs = {};
  TlsTrust trust = {};  // Of client certificates.
  ClientCertificates client_certificates = ClientCertificates::kOff;
  TlsProtocol protocol = {};
  // Lines "identity:hexkey", as mosquitto has them. A key stands in for a client certificate, also
  // where one is required.
  std::string psk_file = {};
  std::string psk_hint = {};  // TLS 1.2 only.
  bool tickets = true;
  uint8_t ticket_count = 2;  // TLS 1.3, after a full handshake: 1 or 2.
  Duration ticket_lifetime = 12 * 3600 * kSecond;
};

struct TlsClientOptions {
  TlsTrust trust = {};       // Of the server.
  TlsKeyPair key_pair = {};  // Empty certificate_file: none.
  bool insecure = false;     // Believe every certificate: no authority and no name is checked.
  // Asked for by SNI and expected in the certificate in place of the host that is connected to.
  std::string server_name = {};
  TlsProtocol protocol = {};
  std::string psk_identity = {};  // Empty: no pre-shared key.
  std::string psk_hex_key = {};
  bool resume = true;
  // Tickets of TLS 1.3 are for one use (RFC 8446 appendix C.4), or else an observer can tell that
  // two connections are of one client. A load tool may not care.
  bool tickets_reused = false;
};

}  // namespace ringmq::transport
