// What contexts of servers and clients have in common.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/tls_error.h"
#include "transport/tls_files.h"
#include "transport/tls_handles.h"
#include "transport/tls_keylog.h"
#include "transport/tls_options.h"

namespace ringmq::transport {

// With versions, ciphers, curves and the modes that a layer counts on. `with_psk`: offer the
// ciphers that go with pre-shared keys too.
enum class TlsPskUse : uint8_t { kNone, kOffered };
[[nodiscard]] absl::StatusOr<TlsSslCtx> TlsMakeCtx(TlsRole role, const TlsProtocol& protocol,
                                                   TlsPskUse psk);

[[nodiscard]] absl::Status TlsUseIdentity(SSL_CTX* ctx, const TlsIdentity& identity,
                                          const std::string& path);

// ALPN's list on the wire: each name behind its length.
[[nodiscard]] absl::StatusOr<std::vector<uint8_t>> TlsAlpnList(
    const std::vector<std::string>& names);

// Has secrets written to `log`, which may be null and must outlive all connections, and given to
// layers that keep them for the kernel.
void TlsUseKeyLog(SSL_CTX* ctx, const TlsKeyLog* log);

}  // namespace ringmq::transport
