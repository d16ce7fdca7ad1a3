// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_psk.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "transport/tls_ticket_note.h"

namespace ringmq::transport {
namespace {

constexpr std::array<unsigned char, 2> kAes128GcmSha256 = {0x13, 0x01};

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

// OpenSSL's index of what we hang on an SSL_CTX.
int KeysIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

template <typename T>
const T* Attached(const SSL* ssl) {
  return static_cast<const T*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), KeysIndex()));
}

void Attach(SSL_CTX* ctx, const void* object) {
  SSL_CTX_set_ex_data(ctx, KeysIndex(), const_cast<void*>(object));
}

unsigned Copy(const std::string& key, unsigned char* target, unsigned bytes_max) {
  if (key.size() > bytes_max) return 0;
  std::copy(key.begin(), key.end(), target);
  return static_cast<unsigned>(key.size());
}

// A ticket is bound to the key.
TlsTicketNote NoteOf(std::string_view identity, const std::string& key) {
  return {.psk_identity = std::string(identity), .psk_digest = TlsTicketNote::DigestOf(key)};
}

// TLS 1.2.
unsigned OnServerPsk(SSL* ssl, const char* identity, unsigned char* psk, unsigned bytes_max) {
  // TLS 1.3 asks here what OnFindPsk() did not know; that would lose the identity.
  if (identity == nullptr || SSL_version(ssl) >= TLS1_3_VERSION) return 0;
  const std::string* const key = Attached<TlsPskKeys>(ssl)->Find(identity);
  if (key == nullptr || !TlsWriteNote(SSL_get_session(ssl), NoteOf(identity, *key))) return 0;
  return Copy(*key, psk, bytes_max);
}

// TLS 1.3: a session out of thin air that has the key as its secret.
int OnFindPsk(SSL* ssl, const unsigned char* identity, size_t identity_bytes,
              SSL_SESSION** session) {
  *session = nullptr;
  const std::string_view name(reinterpret_cast<const char*>(identity), identity_bytes);
  const std::string* const key = Attached<TlsPskKeys>(ssl)->Find(name);
  if (key == nullptr) return 1;  // Not an error: it may be a ticket.
  TlsSession made(SSL_SESSION_new());
  const SSL_CIPHER* const cipher = SSL_CIPHER_find(ssl, kAes128GcmSha256.data());
  if (made == nullptr || cipher == nullptr ||
      SSL_SESSION_set1_master_key(made.get(), reinterpret_cast<const unsigned char*>(key->data()),
                                  key->size()) != 1 ||
      SSL_SESSION_set_cipher(made.get(), cipher) != 1 ||
      SSL_SESSION_set_protocol_version(made.get(), TLS1_3_VERSION) != 1 ||
      !TlsWriteNote(made.get(), NoteOf(name, *key))) {
    return 0;
  }
  *session = made.release();
  return 1;
}

// Both versions: OpenSSL asks here for TLS 1.3 too.
unsigned OnClientPsk(SSL* ssl, const char*, char* identity, unsigned identity_bytes_max,
                     unsigned char* psk, unsigned bytes_max) {
  const auto* const credential = Attached<TlsPskCredential>(ssl);
  if (credential->identity.size() >= identity_bytes_max) return 0;
  std::memcpy(identity, credential->identity.c_str(), credential->identity.size() + 1);
  return Copy(credential->key, psk, bytes_max);
}

}  // namespace

absl::StatusOr<std::string> TlsPskKeys::ParseKey(std::string_view hex, std::string_view name) {
  const bool digits = std::ranges::all_of(hex, [](char c) { return absl::ascii_isxdigit(c); });
  if (!digits || hex.size() % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(name), ": the key must be an even number of hexadecimal digits"));
  }
  if (hex.size() < 2 * kKeyBytesMin || hex.size() > 2 * kKeyBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(ToAbsl(name), ": the key must have ",
                                                   kKeyBytesMin, " to ", kKeyBytesMax, " bytes"));
  }
  return absl::HexStringToBytes(ToAbsl(hex));
}

absl::StatusOr<TlsPskKeys> TlsPskKeys::Parse(std::string_view text, std::string_view name) {
  TlsPskKeys keys;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty() || line[0] == '#') continue;
    const std::string where = absl::StrCat(ToAbsl(name), ":", number);
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos || colon == 0 || colon > kIdentityBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": expected \"identity:hexkey\", the identity having 1 to ",
                       kIdentityBytesMax, " bytes"));
    }
    const absl::string_view hex = absl::StripAsciiWhitespace(line.substr(colon + 1));
    absl::StatusOr<std::string> key = ParseKey({hex.data(), hex.size()}, where);
    if (!key.ok()) return key.status();
    keys.keys_[std::string(line.substr(0, colon))] = *std::move(key);
  }
  return keys;
}

const std::string* TlsPskKeys::Find(std::string_view identity) const {
  const auto found = keys_.find(ToAbsl(identity));
  return found == keys_.end() ? nullptr : &found->second;
}

void TlsUsePskKeys(SSL_CTX* ctx, const TlsPskKeys* keys) {
  Attach(ctx, keys);
  SSL_CTX_set_psk_server_callback(ctx, OnServerPsk);
  SSL_CTX_set_psk_find_session_callback(ctx, OnFindPsk);
}

void TlsUsePskCredential(SSL_CTX* ctx, const TlsPskCredential* credential) {
  Attach(ctx, credential);
  SSL_CTX_set_psk_client_callback(ctx, OnClientPsk);
}

std::string TlsPskIdentity(const SSL* ssl) {
  if (const char* const identity = SSL_get_psk_identity(ssl)) return identity;
  SSL_SESSION* const session = SSL_get_session(ssl);
  if (session == nullptr) return {};
  const std::optional<TlsTicketNote> note = TlsReadNote(session);
  return note ? note->psk_identity : std::string();
}

}  // namespace ringmq::transport
