// What a client needs for TLS: whom it believes, who it is, and what it remembers of servers.
//
// Shared by all connections and threads of a client. Everything but the memory of sessions, which
// has its own lock, is constant.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/tls_handles.h"
#include "transport/tls_keylog.h"
#include "transport/tls_layer.h"
#include "transport/tls_options.h"
#include "transport/tls_psk.h"
#include "transport/tls_session_cache.h"

namespace ringmq::transport {

class TlsClientContext;
// The client and its connections, on any thread.
using TlsClientContextPtr =
    std::shared_ptr<const TlsClientContext>;  // check:allow(shared_ptr): see above

class TlsClientContext {
 public:
  // Reads all files now. Errors name the file and the cause.
  static absl::StatusOr<TlsClientContextPtr> Make(const TlsClientOptions& options);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  friend std::unique_ptr<TlsLayer> MakeClientLayer(const TlsClientContextPtr& context,
                                                   const std::string& host, uint16_t port);

  explicit TlsClientContext(const TlsClientOptions& options);
  absl::Status Load(const TlsClientOptions& options);
  absl::Status LoadIdentity(const TlsKeyPair& files);
  absl::Status LoadPsk(const TlsClientOptions& options);
  void ExpectName(SSL* ssl, const std::string& name) const;

  const std::string server_name_;
  const bool insecure_;
  const TlsRecordLayer record_layer_;
  const bool resume_;
  TlsSslCtx ctx_;
  TlsPskCredential psk_;
  std::unique_ptr<TlsKeyLog> keylog_;
  std::unique_ptr<TlsSessionCache> sessions_;
  std::vector<std::string> warnings_;
};

// A layer for one connection to `host`, a name or a numeric address, which the server's certificate
// must be for. `port` tells servers on one host apart when sessions are resumed. Requires: `host`
// is not empty.
[[nodiscard]] std::unique_ptr<TlsLayer> MakeClientLayer(const TlsClientContextPtr& context,
                                                        const std::string& host, uint16_t port);

}  // namespace ringmq::transport
