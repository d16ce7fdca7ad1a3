// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace ringmq::transport {
namespace {

using Kdf = std::unique_ptr<EVP_KDF, TlsFree<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, TlsFree<EVP_KDF_CTX_free>>;
using Bytes = std::vector<uint8_t>;

struct Cipher {
  uint16_t type;
  size_t key_bytes;
  size_t fixed_iv_bytes;  // Of TLS 1.2; TLS 1.3 always has 12.
};

constexpr size_t kIvBytes = 12;

std::optional<Cipher> CipherOf(const SSL* ssl) {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl);
  if (cipher == nullptr) return std::nullopt;
  switch (SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
      return Cipher{TLS_CIPHER_AES_GCM_128, 16, 4};
    case NID_aes_256_gcm:
      return Cipher{TLS_CIPHER_AES_GCM_256, 32, 4};
    case NID_chacha20_poly1305:
      return Cipher{TLS_CIPHER_CHACHA20_POLY1305, 32, 12};
    default:  // check:allow(default): all other ciphers of OpenSSL
      return std::nullopt;
  }
}

OSSL_PARAM Text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}

OSSL_PARAM Octets(const char* name, std::span<const uint8_t> bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(bytes.data()), bytes.size());
}

// Requires: OpenSSL's default provider, which all of TLS needs.
Bytes Derive(const char* function, std::span<const OSSL_PARAM> parameters, size_t size_bytes) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, function, nullptr));
  RMQ_CHECK(kdf != nullptr);
  const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
  Bytes derived(size_bytes);
  const int done = EVP_KDF_derive(context.get(), derived.data(), size_bytes, parameters.data());
  RMQ_CHECK(done == 1);
  return derived;
}

const char* HashOf(const SSL* ssl) {
  return EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl)));
}

// HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context.
Bytes ExpandLabel(const SSL* ssl, std::span<const uint8_t> secret, std::string_view label,
                  size_t size_bytes) {
  const std::string full = "tls13 " + std::string(label);
  Bytes info = {static_cast<uint8_t>(size_bytes >> 8), static_cast<uint8_t>(size_bytes),
                static_cast<uint8_t>(full.size())};
  info.insert(info.end(), full.begin(), full.end());
  info.push_back(0);
  const std::array<OSSL_PARAM, 5> parameters = {
      Text(OSSL_KDF_PARAM_MODE, "EXPAND_ONLY"), Text(OSSL_KDF_PARAM_DIGEST, HashOf(ssl)),
      Octets(OSSL_KDF_PARAM_KEY, secret), Octets(OSSL_KDF_PARAM_INFO, info),
      OSSL_PARAM_construct_end()};
  return Derive("HKDF", parameters, size_bytes);
}

// One direction: the key, the part of the nonce that stays, and the number of the next record.
struct Direction {
  Bytes key;
  Bytes iv;
  uint64_t sequence = 0;
};

Direction ExpandSecret(const SSL* ssl, const Cipher& cipher, const TlsTrafficSecret& secret) {
  return {ExpandLabel(ssl, secret.view(), "key", cipher.key_bytes),
          ExpandLabel(ssl, secret.view(), "iv", kIvBytes), secret.records};
}

// RFC 5246 section 6.3, for ciphers without a MAC of their own.
Bytes KeyBlock(const SSL* ssl, size_t size_bytes) {
  std::array<uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  const size_t master_bytes =
      SSL_SESSION_get_master_key(SSL_get_session(ssl), master.data(), master.size());
  constexpr std::string_view kLabel = "key expansion";
  Bytes seed(kLabel.begin(), kLabel.end());
  std::array<uint8_t, SSL3_RANDOM_SIZE> random{};
  SSL_get_server_random(ssl, random.data(), random.size());
  seed.insert(seed.end(), random.begin(), random.end());
  SSL_get_client_random(ssl, random.data(), random.size());
  seed.insert(seed.end(), random.begin(), random.end());
  const std::array<OSSL_PARAM, 4> parameters = {
      Text(OSSL_KDF_PARAM_DIGEST, HashOf(ssl)),
      Octets(OSSL_KDF_PARAM_SECRET, std::span(master).first(master_bytes)),
      Octets(OSSL_KDF_PARAM_SEED, seed), OSSL_PARAM_construct_end()};
  Bytes block = Derive("TLS1-PRF", parameters, size_bytes);
  OPENSSL_cleanse(master.data(), master.size());
  return block;
}

template <size_t kSize>
void Put(unsigned char (&target)[kSize], std::span<const uint8_t> bytes) {
  RMQ_CHECK(bytes.size() == kSize);
  std::ranges::copy(bytes, target);
}

std::array<uint8_t, 8> BigEndian(uint64_t number) {
  std::array<uint8_t, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return bytes;
}

// AES-GCM: four bytes of salt, then the eight that TLS 1.3 mixes with the record's number and TLS
// 1.2 sends along. For these the number will do (RFC 5288 section 3): OpenSSL began its few records
// at a random one.
template <typename Info>
Info GcmInfo(const Direction& direction) {
  Info info{};
  const auto sequence = BigEndian(direction.sequence);
  const std::span<const uint8_t> iv = direction.iv;
  Put(info.key, direction.key);
  Put(info.salt, iv.first(sizeof(info.salt)));
  Put(info.iv,
      iv.size() == kIvBytes ? iv.subspan(sizeof(info.salt)) : std::span<const uint8_t>(sequence));
  Put(info.rec_seq, sequence);
  return info;
}

tls12_crypto_info_chacha20_poly1305 ChachaInfo(const Direction& direction) {
  tls12_crypto_info_chacha20_poly1305 info{};
  Put(info.key, direction.key);
  Put(info.iv, direction.iv);
  Put(info.rec_seq, BigEndian(direction.sequence));
  return info;
}

KernelCryptoInfo InfoOf(const SSL* ssl, const Cipher& cipher, Direction direction) {
  KernelCryptoInfo info;
  if (cipher.type == TLS_CIPHER_AES_GCM_128) {
    info = GcmInfo<tls12_crypto_info_aes_gcm_128>(direction);
  } else if (cipher.type == TLS_CIPHER_AES_GCM_256) {
    info = GcmInfo<tls12_crypto_info_aes_gcm_256>(direction);
  } else {
    info = ChachaInfo(direction);
  }
  std::visit(
      [&](auto& filled) {
        filled.info.version =
            SSL_version(ssl) == TLS1_3_VERSION ? TLS_1_3_VERSION : TLS_1_2_VERSION;
        filled.info.cipher_type = cipher.type;
      },
      info);
  OPENSSL_cleanse(direction.key.data(), direction.key.size());
  return info;
}

KernelKeys Derive13(const SSL* ssl, const Cipher& cipher, const TlsSecrets& secrets) {
  return {InfoOf(ssl, cipher, ExpandSecret(ssl, cipher, secrets.tx())),
          InfoOf(ssl, cipher, ExpandSecret(ssl, cipher, secrets.rx()))};
}

KernelKeys Derive12(const SSL* ssl, const Cipher& cipher, const TlsSecrets& secrets) {
  // client key, server key, client iv, server iv
  Bytes block = KeyBlock(ssl, 2 * (cipher.key_bytes + cipher.fixed_iv_bytes));
  const auto direction = [&](bool of_client, uint64_t sequence) {
    const auto key = block.begin() + static_cast<ptrdiff_t>(of_client ? 0 : cipher.key_bytes);
    const auto iv = block.begin() + static_cast<ptrdiff_t>(2 * cipher.key_bytes +
                                                           (of_client ? 0 : cipher.fixed_iv_bytes));
    return Direction{Bytes(key, key + static_cast<ptrdiff_t>(cipher.key_bytes)),
                     Bytes(iv, iv + static_cast<ptrdiff_t>(cipher.fixed_iv_bytes)), sequence};
  };
  const bool is_client = SSL_is_server(ssl) == 0;
  const KernelKeys keys = {InfoOf(ssl, cipher, direction(is_client, secrets.tx().records)),
                           InfoOf(ssl, cipher, direction(!is_client, secrets.rx().records))};
  OPENSSL_cleanse(block.data(), block.size());
  return keys;
}

}  // namespace

void KernelKeys::Clear() {
  std::visit([](auto& info) { OPENSSL_cleanse(&info, sizeof(info)); }, tx);
  std::visit([](auto& info) { OPENSSL_cleanse(&info, sizeof(info)); }, rx);
}

base::Result<KernelKeys, KernelRefusal> DeriveKernelKeys(const TlsLayer& layer) {
  const TlsSecrets* const secrets = layer.secrets();
  if (secrets == nullptr) return KernelRefusal::kNotCaptured;
  const SSL* const ssl = layer.ssl();
  const std::optional<Cipher> cipher = CipherOf(ssl);
  if (!cipher) return KernelRefusal::kCipher;
  if (secrets->updated()) return KernelRefusal::kKeysUpdated;
  // Also inside a message that is cut into several records, such as a session ticket.
  if (layer.record_bytes_missing() != 0 || SSL_in_init(ssl)) return KernelRefusal::kWait;
  RMQ_CHECK(SSL_has_pending(ssl) == 0);
  ERR_clear_error();
  if (SSL_version(ssl) == TLS1_3_VERSION) {
    RMQ_CHECK(secrets->tx().size_bytes > 0);
    RMQ_CHECK(secrets->rx().size_bytes > 0);
    return Derive13(ssl, *cipher, *secrets);
  }
  return Derive12(ssl, *cipher, *secrets);
}

}  // namespace ringmq::transport
