// The keys that seal session tickets: a server writes a session into a ticket that only it can
// open, and so needs to remember none.
//
// Shared by all cores and listeners, and handed on to the next context by a reload, so that a
// client is known again wherever its next connection ends up. Rotated: tickets of the key before
// the present one are still opened, so for at least one lifetime and at most two. Whether what is
// in there still counts is not asked here: see tls_ticket_note.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>

#include "base/time.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

class TlsTicketKeys {
 public:
  // With keys out of OpenSSL's generator.
  explicit TlsTicketKeys(Duration lifetime);
  ~TlsTicketKeys();
  TlsTicketKeys(const TlsTicketKeys&) = delete;
  TlsTicketKeys& operator=(const TlsTicketKeys&) = delete;

  // A new present key; the present becomes the previous, and the previous is forgotten.
  void Rotate();
  // Rotates if the present key is a lifetime old; to be called now and then, from any thread.
  void RotateIfDue(Instant now);

  // Makes `ctx` seal with these keys, which must outlive its connections.
  void Use(SSL_CTX* ctx);

 private:
  static constexpr size_t kNameBytes = 16;
  static constexpr size_t kSecretBytes = 32;
  struct Key {
    std::array<uint8_t, kNameBytes> name = {};
    std::array<uint8_t, kSecretBytes> cipher_secret = {};  // AES-256-CBC
    std::array<uint8_t, kSecretBytes> mac_secret = {};     // HMAC-SHA-256
  };
  static Key MakeKey();
  static int OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, int sealing);
  int Seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const;
  int Open(std::span<const unsigned char> name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
           EVP_MAC_CTX* mac) const;

  const Duration lifetime_;
  mutable std::shared_mutex mutex_;  // Guards what follows.
  Key present_;
  std::optional<Key> previous_;
  std::optional<Instant> rotated_at_;  // None: not asked yet.
};

}  // namespace ringmq::transport
