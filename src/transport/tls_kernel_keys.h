// The keys of a TLS connection in the shape in which Linux takes them (kTLS, linux/tls.h).
//
// OpenSSL 3.0 hands TLS 1.3 to the kernel for sending only and gives its keys to nobody, so they
// are derived here as the standards say: TLS 1.3 from the traffic secrets (RFC 8446 section 7.3),
// TLS 1.2 from master secret and randoms (RFC 5246 section 6.3). Pure: no socket is touched.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/tls.h>

#include <cstdint>
#include <variant>

#include "base/result.h"
#include "transport/tls_layer.h"

namespace ringmq::transport {

using KernelCryptoInfo = std::variant<tls12_crypto_info_aes_gcm_128, tls12_crypto_info_aes_gcm_256,
                                      tls12_crypto_info_chacha20_poly1305>;

// Secrets: whoever holds it calls Clear() afterwards.
struct KernelKeys {
  KernelCryptoInfo tx;
  KernelCryptoInfo rx;
  void Clear();
};

enum class KernelRefusal : uint8_t {
  kWait,         // Half a record is here: first receive layer.record_bytes_missing() more bytes.
  kNotCaptured,  // Not open, or made without TlsProtocol::kernel.
  kKeysUpdated,  // The peer has changed keys since the handshake, which is not followed.
  kCipher,       // Not one that the kernel knows: CBC, CCM.
};

// What the kernel needs to go on with the next record in each direction.
[[nodiscard]] base::Result<KernelKeys, KernelRefusal> DeriveKernelKeys(const TlsLayer& layer);

}  // namespace ringmq::transport
