// What went wrong in a handshake or on a connection, as one sentence for a log.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "transport/tls_handles.h"
#include "transport/tls_options.h"

namespace ringmq::transport {

enum class TlsRole : uint8_t { kServer, kClient };

// One line of printable ASCII, at most `bytes_max` long: names in certificates come from anybody.
[[nodiscard]] std::string TlsPrintable(std::string_view text, size_t bytes_max);

// Why OpenSSL gave up, from this thread's error queue, which is emptied.
// `role` is ours.
[[nodiscard]] std::string TlsFailure(TlsRole role);

// What the peer says with a fatal alert.
[[nodiscard]] std::string TlsAlertText(TlsRole role, int alert);

// An alert behind the handshake.
struct TlsAlert {
  enum class Kind : uint8_t {
    kGoodbye,  // close_notify
    kNothing,  // A warning that means nothing to us.
    kEnd,      // `reason` says why the peer gives up.
    kDamaged,  // `reason` says so.
  };
  Kind kind = Kind::kNothing;
  std::string reason = {};
};
[[nodiscard]] TlsAlert TlsReadAlert(TlsRole role, TlsVersion version,
                                    std::span<const uint8_t> record);

// Why `certificate` was not accepted: `problem` is an X509_V_ERR_*. `peer_name` is whom the client
// wanted to talk to; empty for a server.
[[nodiscard]] std::string TlsVerifyFailure(TlsRole role, std::string_view peer_name, int problem,
                                           const X509* certificate);

// For bytes that cannot begin a TLS stream.
[[nodiscard]] std::string TlsNotTls(TlsRole role, uint8_t first_byte);
// Can a TLS peer begin like this?
[[nodiscard]] bool TlsMayBegin(TlsRole role, uint8_t first_byte);

// The status, with the option that it is about, by the name that TlsServerOptions and
// configurations have for it ("ca_file"). Whoever knows more of where that was said can then tell.
[[nodiscard]] absl::Status TlsAbout(std::string_view option, absl::Status status);
// Empty: none.
[[nodiscard]] std::string TlsOptionOf(const absl::Status& status);

// The oldest entry of this thread's error queue in OpenSSL's own words; empties the queue.
[[nodiscard]] std::string TlsLibraryError();

}  // namespace ringmq::transport
