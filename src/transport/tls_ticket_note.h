// What a server seals into a ticket besides OpenSSL's session: until when it counts, and whose
// pre-shared key it stands for.
//
// A resumption checks nothing again and brings a new ticket, so what a handshake has proved must be
// bounded by the ticket itself:
//   - by the time since the full handshake, however many resumptions lie between;
//   - by the certificates that were shown then, and the lists that did not revoke them;
//   - by the pre-shared key, which must still be in the file, and be the same.
// Other authorities or lists are told by the session's context: see TlsServerContext.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

struct TlsTicketNote {
  using Digest = std::array<uint8_t, 32>;
  static constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

  static Digest DigestOf(std::string_view key);

  // Instant::Max(): of a session that is in no ticket yet.
  Instant until = Instant::Max();
  // Seconds of Unix time at which the first of the client's certificates expires, or the first
  // list.
  int64_t trusted_until_s = kForEver;
  std::string psk_identity = {};  // Empty: no pre-shared key.
  Digest psk_digest = {};
};

// The session's application data is where OpenSSL keeps it. None: there is no note.
[[nodiscard]] std::optional<TlsTicketNote> TlsReadNote(SSL_SESSION* session);
[[nodiscard]] bool TlsWriteNote(SSL_SESSION* session, const TlsTicketNote& note);

}  // namespace ringmq::transport
