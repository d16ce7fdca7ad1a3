// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel_keys.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/check.h"

namespace ringmq::transport {
namespace {

template <size_t kSize>
void Put(unsigned char (&target)[kSize], std::span<const uint8_t> bytes) {
  RMQ_CHECK(bytes.size() >= kSize);
  std::copy_n(bytes.begin(), kSize, target);
}

std::array<uint8_t, 8> BigEndian(uint64_t number) {
  std::array<uint8_t, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return bytes;
}

template <typename Info>
Info InfoOf(const TlsKeys& keys, const TlsTrafficKeys& direction, uint16_t cipher_type) {
  Info info{};
  info.info.version = keys.is_13 ? TLS_1_3_VERSION : TLS_1_2_VERSION;
  info.info.cipher_type = cipher_type;
  const auto sequence = BigEndian(direction.sequence);
  Put(info.key, direction.key);
  Put(info.rec_seq, sequence);
  const std::span<const uint8_t> iv = direction.iv;
  if constexpr (sizeof(info.iv) == sizeof(sequence)) {
    // AES-GCM: four bytes of salt, then the eight that TLS 1.3 mixes with the record's number and
    // TLS 1.2 sends along. For these the number will do (RFC 5288 section 3).
    Put(info.salt, iv);
    Put(info.iv, keys.is_13 ? iv.subspan(sizeof(info.salt)) : std::span<const uint8_t>(sequence));
  } else {
    Put(info.iv, iv);
  }
  return info;
}

KernelCryptoInfo InfoOf(const TlsKeys& keys, const TlsTrafficKeys& direction) {
  switch (keys.aead) {
    case TlsAead::kAes128Gcm:
      return InfoOf<tls12_crypto_info_aes_gcm_128>(keys, direction, TLS_CIPHER_AES_GCM_128);
    case TlsAead::kAes256Gcm:
      return InfoOf<tls12_crypto_info_aes_gcm_256>(keys, direction, TLS_CIPHER_AES_GCM_256);
    case TlsAead::kChacha20Poly1305:
      return InfoOf<tls12_crypto_info_chacha20_poly1305>(keys, direction,
                                                         TLS_CIPHER_CHACHA20_POLY1305);
  }
  RMQ_CHECK(false);
}

}  // namespace

void KernelKeys::Clear() {
  std::visit([](auto& info) { OPENSSL_cleanse(&info, sizeof(info)); }, tx);
  std::visit([](auto& info) { OPENSSL_cleanse(&info, sizeof(info)); }, rx);
}

KernelKeys KernelKeysOf(const TlsKeys& keys) {
  return {InfoOf(keys, keys.tx), InfoOf(keys, keys.rx)};
}

}  // namespace ringmq::transport
