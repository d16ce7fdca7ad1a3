// The keys of an open TLS connection, and how they change.
//
// OpenSSL gives them to nobody, so they are derived here as the standards say: TLS 1.3 from the
// traffic secrets (RFC 8446 section 7), TLS 1.2 from master secret and randoms (RFC 5246 section
// 6.3). Who has them can go on where OpenSSL stops: TlsRecords in user space, the kernel with kTLS.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "transport/tls_handles.h"
#include "transport/tls_secrets.h"

namespace ringmq::transport {

enum class TlsAead : uint8_t { kAes128Gcm, kAes256Gcm, kChacha20Poly1305 };

// One direction. A secret: wiped when it is destroyed.
struct TlsTrafficKeys {
  static constexpr size_t kKeyBytesMax = 32;
  static constexpr size_t kIvBytes = 12;

  TlsTrafficKeys() = default;
  TlsTrafficKeys(const TlsTrafficKeys&) = default;
  TlsTrafficKeys& operator=(const TlsTrafficKeys&) = default;
  ~TlsTrafficKeys();

  std::array<uint8_t, kKeyBytesMax> key = {};
  // With the record's number mixed in it is the nonce, but for TLS 1.2 with AES-GCM: there only the
  // first four bytes (the salt) stay, and the other eight travel in the record (RFC 5288).
  std::array<uint8_t, kIvBytes> iv = {};
  uint64_t sequence = 0;    // The number of the next record.
  TlsTrafficSecret secret;  // TLS 1.3 only: what the next keys come from.
};

struct TlsKeys {
  TlsAead aead = TlsAead::kAes128Gcm;
  bool is_13 = false;
  TlsTrafficKeys tx;
  TlsTrafficKeys rx;

  [[nodiscard]] size_t key_bytes() const { return aead == TlsAead::kAes128Gcm ? 16 : 32; }
  // The nonce's second part travels in the record.
  [[nodiscard]] bool has_explicit_nonce() const {
    return !is_13 && aead != TlsAead::kChacha20Poly1305;
  }
};

// Of a connection whose handshake is done and whose secrets were caught since it began. Nothing: a
// cipher with a MAC of its own (CBC) or CCM.
[[nodiscard]] std::optional<TlsKeys> DeriveTlsKeys(const SSL* ssl, const TlsSecrets& secrets);

// The keys that follow after a KeyUpdate. Requires: TLS 1.3.
void UpdateTlsKeys(TlsAead aead, TlsTrafficKeys& keys);

}  // namespace ringmq::transport
