// SPDX-License-Identifier: Apache-2.0
#include "tls_options.h"

#include <string>

#include "numbers.h"

namespace ringmq::cli {

TlsMeaning ApplyTlsOption(OptionId id, std::string_view value, TlsOptions& tls) {
  switch (id) {
    case OptionId::kCaFile:
      tls.ca_file = value;
      return {.wants_tls = true};
    case OptionId::kCaPath:
      tls.ca_path = value;
      return {.wants_tls = true};
    case OptionId::kTlsUseOsCerts:
      return {.wants_tls = true};
    case OptionId::kCert:
      tls.certificate_file = value;
      return {};
    case OptionId::kKey:
      tls.key_file = value;
      return {};
    case OptionId::kInsecure:
      tls.verify = false;
      return {};
    case OptionId::kCiphers:
      tls.ciphers = value;
      return {};
    case OptionId::kTlsVersion:
      tls.version_min = value == "tlsv1.3" ? TlsVersion::k13 : TlsVersion::k12;
      return {};
    case OptionId::kTlsAlpn:
      tls.alpn.assign(1, std::string(value));
      return {};
    case OptionId::kPsk:
      tls.psk_hex_key = value;
      return {.wants_tls = true};
    case OptionId::kPskIdentity:
      tls.psk_identity = value;
      return {.wants_tls = true};
    case OptionId::kKeyForm:
      return {.unsupported = value == "pem" ? nullptr : "only pem files are read"};
    default:
      return {.unsupported = "OpenSSL 3 has given engines up"};
  }
}

Expected<void> CheckTlsOptions(const TlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return Bad("--cert and --key go together.\nFor example: --cert client.pem --key client.key");
  }
  if (tls.psk_identity.empty() != tls.psk_hex_key.empty()) {
    return Bad(
        "--psk and --psk-identity go together.\n"
        "For example: --psk 00112233445566778899aabbccddeeff --psk-identity me");
  }
  return {};
}

}  // namespace ringmq::cli
