// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace ringmq::transport {
namespace {

// What OpenSSL's callback may answer.
constexpr int kError = -1;
constexpr int kUnknown = 0;  // Do a full handshake.
constexpr int kDone = 1;
constexpr int kRenew = 2;  // Done, and give the client a new ticket.

constexpr size_t kIvBytes = 16;

int KeysIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

template <size_t kSize>
void Fill(std::array<uint8_t, kSize>& bytes) {
  // Fails only if the system has no randomness at all: then no TLS either.
  RMQ_CHECK(RAND_bytes(bytes.data(), static_cast<int>(kSize)) == 1);
}

bool StartMac(EVP_MAC_CTX* mac, std::span<const uint8_t> secret) {
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(secret.data()),
                                        secret.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

}  // namespace

TlsTicketKeys::TlsTicketKeys(Duration lifetime) : lifetime_(lifetime), present_(MakeKey()) {}

TlsTicketKeys::~TlsTicketKeys() {
  OPENSSL_cleanse(&present_, sizeof(present_));
  if (previous_) OPENSSL_cleanse(&*previous_, sizeof(*previous_));
}

TlsTicketKeys::Key TlsTicketKeys::MakeKey() {
  Key key;
  Fill(key.name);
  Fill(key.cipher_secret);
  Fill(key.mac_secret);
  return key;
}

void TlsTicketKeys::Rotate() {
  const Key next = MakeKey();
  const std::lock_guard lock(mutex_);
  previous_ = std::exchange(present_, next);
}

void TlsTicketKeys::RotateIfDue(Instant now) {
  {
    const std::lock_guard lock(mutex_);
    if (!rotated_at_) rotated_at_ = now;
    if (now < *rotated_at_ + lifetime_) return;
    rotated_at_ = now;
  }
  Rotate();
}

void TlsTicketKeys::Use(SSL_CTX* ctx) {
  SSL_CTX_set_ex_data(ctx, KeysIndex(), this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, OnTicket);
}

int TlsTicketKeys::OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv,
                            EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const auto* const keys =
      static_cast<const TlsTicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), KeysIndex()));
  if (sealing == 1) return keys->Seal(name, iv, cipher, mac);
  const int result = keys->Open({name, kNameBytes}, iv, cipher, mac);
  // A ticket of TLS 1.3 is for one use: without a new one each second connection would be slow.
  return result == kDone && SSL_version(ssl) >= TLS1_3_VERSION ? kRenew : result;
}

int TlsTicketKeys::Seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac) const {
  if (RAND_bytes(iv, kIvBytes) != 1) return kError;
  const std::shared_lock lock(mutex_);
  std::ranges::copy(present_.name, name);
  const bool ready = EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr,
                                        present_.cipher_secret.data(), iv) == 1 &&
                     StartMac(mac, present_.mac_secret);
  return ready ? kDone : kError;
}

int TlsTicketKeys::Open(std::span<const unsigned char> name, const unsigned char* iv,
                        EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  const std::shared_lock lock(mutex_);
  const bool is_present = std::ranges::equal(name, present_.name);
  if (!is_present && !(previous_ && std::ranges::equal(name, previous_->name))) return kUnknown;
  const Key& key = is_present ? present_ : *previous_;
  const bool ready =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher_secret.data(), iv) == 1 &&
      StartMac(mac, key.mac_secret);
  if (!ready) return kError;
  return is_present ? kDone : kRenew;
}

}  // namespace ringmq::transport
