// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_ticket_note.h"

#include <openssl/sha.h>

#include <cstring>

namespace ringmq::transport {
namespace {

// Read by the process that wrote it: keys of tickets outlive none. The identity comes behind.
struct Head {
  int64_t until_ns = 0;
  int64_t trusted_until_s = 0;
  TlsTicketNote::Digest psk_digest = {};
};

}  // namespace

TlsTicketNote::Digest TlsTicketNote::DigestOf(std::string_view key) {
  Digest digest;
  static_assert(sizeof(digest) == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

std::optional<TlsTicketNote> TlsReadNote(SSL_SESSION* session) {
  void* data = nullptr;
  size_t size_bytes = 0;
  SSL_SESSION_get0_ticket_appdata(session, &data, &size_bytes);
  if (data == nullptr || size_bytes < sizeof(Head)) return std::nullopt;
  Head head;
  std::memcpy(&head, data, sizeof(head));
  const std::string_view all(static_cast<const char*>(data), size_bytes);
  return TlsTicketNote{.until = {head.until_ns},
                       .trusted_until_s = head.trusted_until_s,
                       .psk_identity = std::string(all.substr(sizeof(head))),
                       .psk_digest = head.psk_digest};
}

bool TlsWriteNote(SSL_SESSION* session, const TlsTicketNote& note) {
  const Head head = {note.until.ns, note.trusted_until_s, note.psk_digest};
  std::string data(sizeof(head), '\0');
  std::memcpy(data.data(), &head, sizeof(head));
  data += note.psk_identity;
  return SSL_SESSION_set1_ticket_appdata(session, data.data(), data.size()) == 1;
}

}  // namespace ringmq::transport
