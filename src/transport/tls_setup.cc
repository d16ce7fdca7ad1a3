// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_setup.h"

#include <openssl/err.h>

#include "absl/strings/str_cat.h"
#include "transport/tls_layer.h"

namespace ringmq::transport {
namespace {

// Forward secret and authenticated; what every TLS library of the last ten years has. A server has
// none with finite fields: whoever connects could make it spend milliseconds on each.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!aPSK:!kPSK";
// Behind these a client has them, for servers that know nothing else.
constexpr const char* kClientCiphers = ":DHE+AESGCM:DHE+CHACHA20";
constexpr const char* kClientPskCiphers = ":DHE-PSK-AES256-GCM-SHA384:DHE-PSK-AES128-GCM-SHA256";
// For the same reason a server has none of OpenSSL's ffdhe groups: a step with ffdhe8192 takes 90
// ms, with the slowest of these (P-384) one.
constexpr const char* kServerCurves = "X25519:P-256:P-384";
// Small devices with a pre-shared key often have no elliptic curves and only CBC.
constexpr const char* kPskCiphers =
    "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384:ECDHE-PSK-AES128-CBC-SHA256:"
    "PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305:PSK-AES128-CCM8:"
    "PSK-AES128-CCM:PSK-AES128-CBC-SHA256";
// An external key goes with SHA-256 alone, and a server settles the cipher before it looks at keys.
constexpr const char* kPskCiphersuites =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

int KeyLogIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int WireVersion(TlsVersion version) {
  return version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

void OnKeyLogLine(const SSL* ssl, const char* line) {
  const auto* const log =
      static_cast<const TlsKeyLog*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), KeyLogIndex()));
  if (log != nullptr) log->Write(line);
  TlsLayer::OnSecret(ssl, line);
}

absl::Status SetCurves(SSL_CTX* ctx, TlsRole role, const std::string& chosen) {
  const std::string standard = role == TlsRole::kServer ? kServerCurves : "";
  const std::string& curves = chosen.empty() ? standard : chosen;
  if (!curves.empty() && SSL_CTX_set1_groups_list(ctx, curves.c_str()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("unknown curve in \"", curves, "\""));
  }
  return absl::OkStatus();
}

absl::Status SetCiphers(SSL_CTX* ctx, TlsRole role, const TlsProtocol& protocol, TlsPskUse psk) {
  const bool with_psk = psk == TlsPskUse::kOffered;
  std::string standard =
      with_psk ? absl::StrCat(kPskCiphers, ":ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") : kCiphers;
  if (role == TlsRole::kClient) standard += with_psk ? kClientPskCiphers : kClientCiphers;
  const std::string& ciphers = protocol.ciphers.empty() ? standard : protocol.ciphers;
  if (SSL_CTX_set_cipher_list(ctx, ciphers.c_str()) != 1) {
    return TlsAbout("ciphers", absl::InvalidArgumentError(
                                   absl::StrCat("no usable cipher in \"", ciphers, "\"")));
  }
  const std::string ciphersuites =
      protocol.ciphersuites.empty() && with_psk ? kPskCiphersuites : protocol.ciphersuites;
  if (!ciphersuites.empty() && SSL_CTX_set_ciphersuites(ctx, ciphersuites.c_str()) != 1) {
    return TlsAbout("ciphersuites", absl::InvalidArgumentError(absl::StrCat(
                                        "unknown TLS 1.3 cipher in \"", ciphersuites, "\"")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsSslCtx> TlsMakeCtx(TlsRole role, const TlsProtocol& protocol, TlsPskUse psk) {
  if (protocol.version_min > protocol.version_max) {
    return absl::InvalidArgumentError("the least TLS version is above the greatest");
  }
  TlsSslCtx ctx(SSL_CTX_new(role == TlsRole::kServer ? TLS_server_method() : TLS_client_method()));
  if (ctx == nullptr) return absl::InternalError(absl::StrCat("OpenSSL: ", TlsLibraryError()));
  SSL_CTX_set_min_proto_version(ctx.get(), WireVersion(protocol.version_min));
  SSL_CTX_set_max_proto_version(ctx.get(), WireVersion(protocol.version_max));
  // Of two ciphers that both ends have, the server's choice, but ChaCha for a client that puts it
  // first: it has no AES instructions.
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection keeps none of its two buffers of 17 KB.
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  // Layers count on records being read one by one.
  SSL_CTX_set_read_ahead(ctx.get(), 0);
  SSL_CTX_set_max_early_data(ctx.get(), 0);
  SSL_CTX_set_dh_auto(ctx.get(), 1);
  absl::Status status = SetCiphers(ctx.get(), role, protocol, psk);
  if (status.ok()) status = TlsAbout("curves", SetCurves(ctx.get(), role, protocol.curves));
  ERR_clear_error();
  if (!status.ok()) return status;
  return ctx;
}

absl::Status TlsUseIdentity(SSL_CTX* ctx, const TlsIdentity& identity, const std::string& path) {
  constexpr int kReplace = 1;
  if (SSL_CTX_use_cert_and_key(ctx, identity.certificate.get(), identity.key.get(),
                               identity.chain.get(), kReplace) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot use the certificate ", path, ": ", TlsLibraryError()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint8_t>> TlsAlpnList(const std::vector<std::string>& names) {
  constexpr size_t kNameBytesMax = 255;
  std::vector<uint8_t> list;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kNameBytesMax) {
      return absl::InvalidArgumentError("an ALPN name must have 1 to 255 bytes");
    }
    list.push_back(static_cast<uint8_t>(name.size()));
    list.insert(list.end(), name.begin(), name.end());
  }
  return list;
}

void TlsUseKeyLog(SSL_CTX* ctx, const TlsKeyLog* log) {
  SSL_CTX_set_ex_data(ctx, KeyLogIndex(), const_cast<TlsKeyLog*>(log));
  SSL_CTX_set_keylog_callback(ctx, OnKeyLogLine);
}

}  // namespace ringmq::transport
