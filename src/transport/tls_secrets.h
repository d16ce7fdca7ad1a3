// What has to be caught during a handshake so that somebody else can go on where OpenSSL stops: the
// traffic secrets of TLS 1.3, which OpenSSL 3.0 shows only to a key log, and how many records were
// protected with the present keys in each direction, since record numbers go into each nonce.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "transport/tls_error.h"

namespace ringmq::transport {

struct TlsTrafficSecret {
  static constexpr size_t kBytesMax = 48;  // SHA-384, the largest hash of TLS 1.3.
  std::array<uint8_t, kBytesMax> bytes = {};
  size_t size_bytes = 0;  // Zero with TLS 1.2, whose master secret the session has.
  uint64_t records = 0;   // Protected with these keys so far.

  [[nodiscard]] std::span<const uint8_t> view() const { return std::span(bytes).first(size_bytes); }
};

class TlsSecrets {
 public:
  explicit TlsSecrets(TlsRole role) : role_(role) {}
  ~TlsSecrets();
  TlsSecrets(const TlsSecrets&) = delete;
  TlsSecrets& operator=(const TlsSecrets&) = delete;

  // "CLIENT_TRAFFIC_SECRET_0 <client random> <secret>", as in a key log file. Other lines are not
  // for us.
  void OnKeyLogLine(std::string_view line);
  // A record's header was written or read: `content_type` is its first byte.
  void OnRecord(bool written, uint8_t content_type);

  [[nodiscard]] const TlsTrafficSecret& tx() const { return tx_; }
  [[nodiscard]] const TlsTrafficSecret& rx() const { return rx_; }

 private:
  TlsRole role_;
  TlsTrafficSecret tx_;
  TlsTrafficSecret rx_;
};

}  // namespace ringmq::transport
