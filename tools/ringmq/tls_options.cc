// SPDX-License-Identifier: Apache-2.0
#include "tls_options.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "numbers.h"

namespace ringmq::cli {
namespace {

constexpr const char* kNoEngines = "OpenSSL 3 has given engines up";
// What is shorter is guessed by whoever has heard one handshake; what is longer OpenSSL refuses.
constexpr size_t kKeyBytesMin = 8;
constexpr size_t kKeyBytesMax = 512;

Expected<TlsMeaning> ApplyVersion(std::string_view value, TlsOptions& tls) {
  if (value != "tlsv1.3" && value != "tlsv1.2") {
    return Bad(Quoted(value) + " is neither tlsv1.3 nor tlsv1.2; older ones are not safe");
  }
  tls.version_min = value == "tlsv1.3" ? TlsVersion::k13 : TlsVersion::k12;
  return TlsMeaning{};
}

Expected<TlsMeaning> ApplyKey(std::string_view value, TlsOptions& tls) {
  const bool is_hex = std::ranges::all_of(
      value, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
  if (!is_hex || value.size() % 2 != 0) {
    return Bad("the key is not an even number of hexadecimal digits");
  }
  if (value.size() < 2 * kKeyBytesMin || value.size() > 2 * kKeyBytesMax) {
    return Bad("a key has 8 to 512 bytes (16 to 1024 digits), for a shorter one can be guessed");
  }
  tls.psk_hex_key = value;
  return TlsMeaning{.wants_tls = true};
}

}  // namespace

Expected<TlsMeaning> ApplyTlsOption(OptionId id, std::string_view value, TlsOptions& tls) {
  switch (id) {
    case OptionId::kCaFile:
      tls.ca_file = value;
      return TlsMeaning{.wants_tls = true};
    case OptionId::kCaPath:
      tls.ca_path = value;
      return TlsMeaning{.wants_tls = true};
    case OptionId::kTlsUseOsCerts:
      return TlsMeaning{.wants_tls = true};
    case OptionId::kCert:
      tls.certificate_file = value;
      return TlsMeaning{};
    case OptionId::kKey:
      tls.key_file = value;
      return TlsMeaning{};
    case OptionId::kKeyPassword:
      tls.key_password = value;
      return TlsMeaning{};
    case OptionId::kInsecure:
      tls.verify = false;
      return TlsMeaning{};
    case OptionId::kCiphers:
      tls.ciphers = value;
      return TlsMeaning{};
    case OptionId::kTlsVersion:
      return ApplyVersion(value, tls);
    case OptionId::kTlsAlpn:
      tls.alpn.assign(1, std::string(value));
      return TlsMeaning{};
    case OptionId::kPsk:
      return ApplyKey(value, tls);
    case OptionId::kPskIdentity:
      tls.psk_identity = value;
      return TlsMeaning{.wants_tls = true};
    case OptionId::kKeyForm:
      if (value == "pem") return TlsMeaning{};
      if (value == "engine") return TlsMeaning{.unsupported = kNoEngines};
      return Bad(Quoted(value) + " is neither pem nor engine");
    default:
      return TlsMeaning{.unsupported = kNoEngines};
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
