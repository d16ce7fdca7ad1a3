// The keys of a TLS connection in the shape in which Linux takes them (kTLS, linux/tls.h).
// Pure: no socket is touched.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/tls.h>

#include <variant>

#include "transport/tls_keys.h"

namespace ringmq::transport {

using KernelCryptoInfo = std::variant<tls12_crypto_info_aes_gcm_128, tls12_crypto_info_aes_gcm_256,
                                      tls12_crypto_info_chacha20_poly1305>;

// Secrets: whoever holds it calls Clear() afterwards.
struct KernelKeys {
  KernelCryptoInfo tx;
  KernelCryptoInfo rx;
  void Clear();
};

// What the kernel needs to go on with the next record in each direction.
[[nodiscard]] KernelKeys KernelKeysOf(const TlsKeys& keys);

}  // namespace ringmq::transport
