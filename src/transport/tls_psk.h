// Pre-shared keys: who a client is without certificates, for small devices.
//
// One list serves TLS 1.2 (RFC 4279) and, as external keys with SHA-256, TLS 1.3.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

class TlsPskKeys {
 public:
  static constexpr size_t kIdentityBytesMax = 256;  // OpenSSL's PSK_MAX_IDENTITY_LEN.
  static constexpr size_t kKeyBytesMax = 512;       // OpenSSL's PSK_MAX_PSK_LEN.
  // A key shorter than this is guessed.
  static constexpr size_t kKeyBytesMin = 8;

  // Lines "identity:hexkey"; empty lines and those with "#" in front do not count. The identity
  // may hold any byte but ":" and the end of a line. `name` is the file's, for errors.
  static absl::StatusOr<TlsPskKeys> Parse(std::string_view text, std::string_view name);
  // The bytes of a key, or an error that begins with `name`.
  static absl::StatusOr<std::string> ParseKey(std::string_view hex, std::string_view name);

  // Null: unknown. Lives as long as this.
  [[nodiscard]] const std::string* Find(std::string_view identity) const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  absl::flat_hash_map<std::string, std::string> keys_;
};

// Makes a server look for identities in `keys`, which must outlive all of its connections.
void TlsUsePskKeys(SSL_CTX* ctx, const TlsPskKeys* keys);

// A key that a client has.
struct TlsPskCredential {
  std::string identity;
  std::string key;
};
// Makes a client offer `credential`, which must outlive all of its connections.
void TlsUsePskCredential(SSL_CTX* ctx, const TlsPskCredential* credential);

// Whose key this connection of a server was made with, also if it is resumed; empty: none.
[[nodiscard]] std::string TlsPskIdentity(const SSL* ssl);

}  // namespace ringmq::transport
