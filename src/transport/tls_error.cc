// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_error.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "transport/tls_names.h"

namespace ringmq::transport {
namespace {

constexpr absl::string_view kOptionPayload = "ringmq/tls-option";

constexpr size_t kNameBytesMax = 60;

struct Sentence {
  int code;
  const char* server;  // What the log of a server says,
  const char* client;  // and that of a client; null: the same.
};

// What the peer tells us by an alert (RFC 8446 section 6).
constexpr Sentence kAlerts[] = {
    {SSL_AD_HANDSHAKE_FAILURE, "client found no common cipher or parameters",
     "server found no common cipher or parameters, or wants a client certificate"},
    {SSL_AD_BAD_CERTIFICATE, "client refused our certificate: bad certificate",
     "server refused our certificate: bad certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "client refused our certificate: its kind is not supported",
     "server refused our certificate: its kind is not supported"},
    {SSL_AD_CERTIFICATE_REVOKED, "client refused our certificate: revoked",
     "server refused our certificate: revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "client refused our certificate: expired",
     "server refused our certificate: expired"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "client refused our certificate",
     "server refused our certificate"},
    {SSL_AD_UNKNOWN_CA, "client does not trust the authority of our certificate",
     "server does not trust the authority of our certificate"},
    {SSL_AD_ACCESS_DENIED, "client denied access", "server denied access"},
    {SSL_AD_PROTOCOL_VERSION, "client does not speak our TLS versions",
     "server does not speak our TLS versions"},
    {SSL_AD_INSUFFICIENT_SECURITY, "client finds our ciphers too weak",
     "server finds our ciphers too weak"},
    {SSL_AD_UNRECOGNIZED_NAME, "client refused the server name",
     "server does not know the name that we asked for"},
    {SSL_AD_UNKNOWN_PSK_IDENTITY, "client does not know the pre-shared key identity",
     "server does not know our pre-shared key identity"},
    {SSL_AD_CERTIFICATE_REQUIRED, "client wants a certificate",
     "server wants a client certificate, and we showed none"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "client shares no ALPN protocol with us",
     "server speaks none of our ALPN protocols"},
    {SSL_AD_DECRYPT_ERROR, "client could not verify our handshake (wrong pre-shared key?)",
     "server could not verify our handshake (wrong pre-shared key?)"},
    {SSL_AD_ILLEGAL_PARAMETER, "client finds our handshake wrong (wrong pre-shared key?)",
     "server finds our handshake wrong (wrong pre-shared key?)"},
    {SSL_AD_BAD_RECORD_MAC, "client received a damaged record (or wrong pre-shared key)",
     "server received a damaged record (or wrong pre-shared key)"},
    {SSL_AD_USER_CANCELLED, "client cancelled the handshake", "server cancelled the handshake"},
};

// What we found ourselves.
constexpr Sentence kReasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "client showed no certificate", nullptr},
    {SSL_R_NO_SHARED_CIPHER, "no shared cipher", nullptr},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no shared signature algorithm", nullptr},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "no shared key exchange group", nullptr},
    {SSL_R_NO_SUITABLE_GROUPS, "no shared key exchange group", nullptr},
    {SSL_R_NO_SHARED_GROUPS, "no shared key exchange group", nullptr},
    {SSL_R_UNSUPPORTED_PROTOCOL, "client speaks only TLS versions that are not allowed here",
     "server speaks only TLS versions that are not allowed here"},
    {SSL_R_VERSION_TOO_LOW, "client's TLS version is too old", "server's TLS version is too old"},
    {SSL_R_VERSION_TOO_HIGH, "client's TLS version is too new", "server's TLS version is too new"},
    {SSL_R_WRONG_SSL_VERSION, "client's TLS version is not allowed here",
     "server's TLS version is not allowed here"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "client offers none of our ALPN protocols", nullptr},
    {SSL_R_PSK_IDENTITY_NOT_FOUND, "client's pre-shared key identity is unknown", nullptr},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
     "damaged record from the client (or wrong pre-shared key)",
     "damaged record from the server (or wrong pre-shared key)"},
    {SSL_R_BINDER_DOES_NOT_VERIFY, "client's pre-shared key is wrong", nullptr},
    {SSL_R_DIGEST_CHECK_FAILED, "client's handshake does not verify (wrong pre-shared key?)",
     "server's handshake does not verify (wrong pre-shared key?)"},
    {SSL_R_WRONG_VERSION_NUMBER, "not TLS: a record with an impossible version", nullptr},
    {SSL_R_HTTP_REQUEST, "not TLS: a plain HTTP request", nullptr},
    {SSL_R_NO_CERTIFICATE_SET, "no certificate for this handshake", nullptr},
};

const char* Find(std::span<const Sentence> table, int code, TlsRole role) {
  const auto found =
      std::ranges::find_if(table, [&](const Sentence& row) { return row.code == code; });
  if (found == table.end()) return nullptr;
  return role == TlsRole::kServer || found->client == nullptr ? found->server : found->client;
}

const char* ReasonText(unsigned long error) {
  // Reasons of the system's library are errno values, which OpenSSL does not spell.
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "unknown error";
}

std::string Quoted(std::string_view name) {
  return absl::StrCat("'", TlsPrintable(name, kNameBytesMax), "'");
}

std::string NamesOf(const X509* certificate) {
  constexpr size_t kNamesMax = 2;
  std::vector<std::string> names = TlsServerNames(certificate);
  if (names.empty()) return "nobody";
  const bool more = names.size() > kNamesMax;
  names.resize(std::min(names.size(), kNamesMax));
  for (std::string& name : names) name = Quoted(name);
  return absl::StrCat(absl::StrJoin(names, ", "), more ? ", ..." : "");
}

}  // namespace

std::string TlsPrintable(std::string_view text, size_t bytes_max) {
  std::string printable(text.substr(0, bytes_max));
  for (char& c : printable) {
    if (c < ' ' || c > '~') c = '?';
  }
  return printable;
}

TlsAlert TlsReadAlert(TlsRole role, TlsVersion version, std::span<const uint8_t> record) {
  using Kind = TlsAlert::Kind;
  constexpr size_t kAlertBytes = 2;
  constexpr uint8_t kWarning = 1;
  constexpr uint8_t kUserCanceled = 90;
  if (record.size() != kAlertBytes) return {Kind::kDamaged, "damaged alert"};
  const uint8_t alert = record[1];
  if (alert == SSL_AD_CLOSE_NOTIFY) return {Kind::kGoodbye};
  // TLS 1.3 has no warnings but this one, whatever the level says (RFC 8446 section 6).
  const bool is_warning =
      version == TlsVersion::k13 ? alert == kUserCanceled : record[0] == kWarning;
  if (is_warning) return {Kind::kNothing};
  return {Kind::kEnd, TlsAlertText(role, alert)};
}

absl::Status TlsAbout(std::string_view option, absl::Status status) {
  if (!status.ok()) status.SetPayload(kOptionPayload, absl::Cord({option.data(), option.size()}));
  return status;
}

std::string TlsOptionOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kOptionPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::string TlsLibraryError() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  return error == 0 ? "unknown error" : ReasonText(error);
}

std::string TlsFailure(TlsRole role) {
  // The entries go from the innermost cause outwards; the first that we have a sentence for says
  // most. Bounded: OpenSSL keeps 16.
  const unsigned long oldest = ERR_peek_error();
  while (const unsigned long error = ERR_get_error()) {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) continue;
    const int reason = ERR_GET_REASON(error);
    const char* const sentence = Find(kReasons, reason, role);
    if (reason < SSL_AD_REASON_OFFSET && sentence == nullptr) continue;
    ERR_clear_error();
    return sentence != nullptr ? sentence : TlsAlertText(role, reason - SSL_AD_REASON_OFFSET);
  }
  if (oldest == 0) return "TLS failed without a reason";
  return absl::StrCat("TLS failed: ", TlsPrintable(ReasonText(oldest), 2 * kNameBytesMax));
}

std::string TlsAlertText(TlsRole role, int alert) {
  if (const char* const sentence = Find(kAlerts, alert, role)) return sentence;
  return absl::StrCat(role == TlsRole::kServer ? "client" : "server", " sent the alert '",
                      SSL_alert_desc_string_long(alert), "'");
}

std::string TlsVerifyFailure(TlsRole role, std::string_view peer_name, int problem,
                             const X509* certificate) {
  const std::string whose =
      role == TlsRole::kClient
          ? absl::StrCat("certificate of ", Quoted(peer_name))
          : absl::StrCat("client certificate of ",
                         Quoted(certificate ? TlsCommonName(certificate) : std::string()));
  switch (problem) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return absl::StrCat("certificate is for ", certificate ? NamesOf(certificate) : "another",
                          ", not for ", Quoted(peer_name));
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return absl::StrCat(
          whose, " expired",
          certificate ? absl::StrCat(" on ", TlsDay(X509_get0_notAfter(certificate))) : "");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return absl::StrCat(
          whose, " is not valid yet",
          certificate ? absl::StrCat(": from ", TlsDay(X509_get0_notBefore(certificate))) : "");
    case X509_V_ERR_CERT_REVOKED:
      return absl::StrCat(whose, " is revoked");
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return absl::StrCat(whose, " not trusted: no revocation list of its authority");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return absl::StrCat(whose, " not trusted: unknown authority");
    default:  // check:allow(default): some hundred codes of OpenSSL, each with a text.
      return absl::StrCat(whose, " not trusted: ", X509_verify_cert_error_string(problem));
  }
}

bool TlsMayBegin(TlsRole role, uint8_t first_byte) {
  constexpr uint8_t kAlert = 21;
  constexpr uint8_t kHandshake = 22;
  // A ClientHello in the shape of SSL 2, which OpenSSL answers with an alert.
  constexpr uint8_t kSsl2Bit = 0x80;
  if (first_byte == kHandshake || first_byte == kAlert) return true;
  return role == TlsRole::kServer && (first_byte & kSsl2Bit) != 0;
}

std::string TlsNotTls(TlsRole role, uint8_t first_byte) {
  const char* const who = role == TlsRole::kServer ? "client" : "server";
  constexpr uint8_t kConnect = 0x10;  // The first byte of every MQTT connection.
  if (role == TlsRole::kServer && first_byte == kConnect)
    return "not TLS: client speaks plain MQTT";
  if (first_byte >= 'A' && first_byte <= 'Z') {
    return absl::StrCat("not TLS: ", who, " speaks plain HTTP or another text protocol");
  }
  return absl::StrCat("not TLS: ", who, "'s first byte is 0x",
                      absl::Hex(first_byte, absl::kZeroPad2),
                      role == TlsRole::kClient ? "; it may not speak TLS at this port" : "");
}

}  // namespace ringmq::transport
