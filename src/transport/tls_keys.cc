// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace ringmq::transport {
namespace {

using Kdf = std::unique_ptr<EVP_KDF, TlsFree<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, TlsFree<EVP_KDF_CTX_free>>;

constexpr size_t kSaltBytes = 4;

size_t KeyBytesOf(TlsAead aead) { return aead == TlsAead::kAes128Gcm ? 16 : 32; }

std::optional<TlsAead> AeadOf(const SSL* ssl) {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl);
  if (cipher == nullptr) return std::nullopt;
  switch (SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
      return TlsAead::kAes128Gcm;
    case NID_aes_256_gcm:
      return TlsAead::kAes256Gcm;
    case NID_chacha20_poly1305:
      return TlsAead::kChacha20Poly1305;
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
void Derive(const char* function, std::span<const OSSL_PARAM> parameters,
            std::span<uint8_t> derived) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, function, nullptr));
  RMQ_CHECK(kdf != nullptr);
  const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
  const int done = EVP_KDF_derive(context.get(), derived.data(), derived.size(), parameters.data());
  RMQ_CHECK(done == 1);
}

// HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context.
void ExpandLabel(const TlsTrafficSecret& secret, std::string_view label,
                 std::span<uint8_t> derived) {
  constexpr size_t kSha256Bytes = 32;
  const char* const hash = secret.size_bytes == kSha256Bytes ? "SHA256" : "SHA384";
  const std::string full = "tls13 " + std::string(label);
  std::vector<uint8_t> info = {static_cast<uint8_t>(derived.size() >> 8),
                               static_cast<uint8_t>(derived.size()),
                               static_cast<uint8_t>(full.size())};
  info.insert(info.end(), full.begin(), full.end());
  info.push_back(0);
  const std::array<OSSL_PARAM, 5> parameters = {
      Text(OSSL_KDF_PARAM_MODE, "EXPAND_ONLY"), Text(OSSL_KDF_PARAM_DIGEST, hash),
      Octets(OSSL_KDF_PARAM_KEY, secret.view()), Octets(OSSL_KDF_PARAM_INFO, info),
      OSSL_PARAM_construct_end()};
  Derive("HKDF", parameters, derived);
}

TlsTrafficKeys KeysFrom(TlsAead aead, const TlsTrafficSecret& secret) {
  TlsTrafficKeys keys;
  keys.secret = secret;
  keys.sequence = secret.records;
  ExpandLabel(secret, "key", std::span(keys.key).first(KeyBytesOf(aead)));
  ExpandLabel(secret, "iv", keys.iv);
  return keys;
}

// RFC 5246 section 6.3, for ciphers without a MAC of their own.
void MakeKeyBlock(const SSL* ssl, std::span<uint8_t> block) {
  std::array<uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  const size_t master_bytes =
      SSL_SESSION_get_master_key(SSL_get_session(ssl), master.data(), master.size());
  constexpr std::string_view kLabel = "key expansion";
  std::vector<uint8_t> seed(kLabel.begin(), kLabel.end());
  std::array<uint8_t, SSL3_RANDOM_SIZE> random{};
  SSL_get_server_random(ssl, random.data(), random.size());
  seed.insert(seed.end(), random.begin(), random.end());
  SSL_get_client_random(ssl, random.data(), random.size());
  seed.insert(seed.end(), random.begin(), random.end());
  const char* const hash =
      EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl)));
  const std::array<OSSL_PARAM, 4> parameters = {
      Text(OSSL_KDF_PARAM_DIGEST, hash),
      Octets(OSSL_KDF_PARAM_SECRET, std::span(master).first(master_bytes)),
      Octets(OSSL_KDF_PARAM_SEED, seed), OSSL_PARAM_construct_end()};
  Derive("TLS1-PRF", parameters, block);
  OPENSSL_cleanse(master.data(), master.size());
}

// The block is: client's key, server's key, client's iv, server's iv.
void Derive12(const SSL* ssl, const TlsSecrets& secrets, TlsKeys& keys) {
  const size_t key_bytes = keys.key_bytes();
  const size_t iv_bytes = keys.has_explicit_nonce() ? kSaltBytes : TlsTrafficKeys::kIvBytes;
  std::array<uint8_t, 2 * (TlsTrafficKeys::kKeyBytesMax + TlsTrafficKeys::kIvBytes)> memory{};
  const std::span<uint8_t> block = std::span(memory).first(2 * (key_bytes + iv_bytes));
  MakeKeyBlock(ssl, block);
  const auto take = [&](bool of_client, TlsTrafficKeys& direction) {
    const size_t index = of_client ? 0 : 1;
    std::ranges::copy(block.subspan(index * key_bytes, key_bytes), direction.key.begin());
    std::ranges::copy(block.subspan(2 * key_bytes + index * iv_bytes, iv_bytes),
                      direction.iv.begin());
  };
  const bool is_client = SSL_is_server(ssl) == 0;
  take(is_client, keys.tx);
  take(!is_client, keys.rx);
  keys.tx.sequence = secrets.tx().records;
  keys.rx.sequence = secrets.rx().records;
  OPENSSL_cleanse(memory.data(), memory.size());
}

}  // namespace

TlsTrafficKeys::~TlsTrafficKeys() {
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(iv.data(), iv.size());
  OPENSSL_cleanse(secret.bytes.data(), secret.bytes.size());
}

std::optional<TlsKeys> DeriveTlsKeys(const SSL* ssl, const TlsSecrets& secrets) {
  const std::optional<TlsAead> aead = AeadOf(ssl);
  if (!aead) return std::nullopt;
  TlsKeys keys;
  keys.aead = *aead;
  keys.is_13 = SSL_version(ssl) == TLS1_3_VERSION;
  ERR_clear_error();
  if (!keys.is_13) {
    Derive12(ssl, secrets, keys);
    return keys;
  }
  RMQ_CHECK(secrets.tx().size_bytes > 0);
  RMQ_CHECK(secrets.rx().size_bytes > 0);
  keys.tx = KeysFrom(*aead, secrets.tx());
  keys.rx = KeysFrom(*aead, secrets.rx());
  return keys;
}

void UpdateTlsKeys(TlsAead aead, TlsTrafficKeys& keys) {
  RMQ_CHECK(keys.secret.size_bytes > 0);
  TlsTrafficSecret next;
  next.size_bytes = keys.secret.size_bytes;
  ExpandLabel(keys.secret, "traffic upd", std::span(next.bytes).first(next.size_bytes));
  keys = KeysFrom(aead, next);
  OPENSSL_cleanse(next.bytes.data(), next.bytes.size());
}

}  // namespace ringmq::transport
