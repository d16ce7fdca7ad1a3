// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_secrets.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"

namespace ringmq::transport {
namespace {

std::string_view TakeWord(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

}  // namespace

TlsSecrets::~TlsSecrets() {
  OPENSSL_cleanse(tx_.bytes.data(), tx_.bytes.size());
  OPENSSL_cleanse(rx_.bytes.data(), rx_.bytes.size());
}

void TlsSecrets::OnKeyLogLine(std::string_view line) {
  const std::string_view label = TakeWord(line);
  const bool of_client = label == "CLIENT_TRAFFIC_SECRET_0";
  if (!of_client && label != "SERVER_TRAFFIC_SECRET_0") return;
  TakeWord(line);  // The client's random: we know whose line this is.
  std::string secret = absl::HexStringToBytes({line.data(), line.size()});
  TlsTrafficSecret& target = of_client == (role_ == TlsRole::kClient) ? tx_ : rx_;
  // OpenSSL writes the line when it changes to these keys, so the count of their records begins.
  target.records = 0;
  target.size_bytes = std::min(secret.size(), TlsTrafficSecret::kBytesMax);
  std::copy_n(secret.begin(), target.size_bytes, target.bytes.begin());
  OPENSSL_cleanse(secret.data(), secret.size());
}

void TlsSecrets::OnRecord(bool written, uint8_t content_type) {
  constexpr uint8_t kChangeCipherSpec = 20;
  TlsTrafficSecret& direction = written ? tx_ : rx_;
  // TLS 1.2 changes keys behind this record; TLS 1.3 sends it unprotected, and only before its
  // traffic secrets are there.
  if (content_type == kChangeCipherSpec) {
    direction.records = 0;
  } else {
    ++direction.records;
  }
}

}  // namespace ringmq::transport
