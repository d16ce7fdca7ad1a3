// TLS of one listener: what its configuration says, as a context that a reload can replace.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "broker/config.h"
#include "transport/tls_server_context.h"

namespace ringmq::broker {

class TlsListener {
 public:
  // `config` is the listener's own; its `tls.use` is not kOff. `keylog_file`: empty: none.
  TlsListener(const ListenerConfig& config, const std::string& keylog_file);

  // Reads all files. Errors name the file and the cause. Nothing changes before Use().
  [[nodiscard]] absl::StatusOr<transport::TlsServerContextPtr> Load() const;
  // For connections from now on; those that exist keep what they began with. Any thread.
  void Use(transport::TlsServerContextPtr context);

  // For one connection. Any thread. Requires: Use() was called.
  [[nodiscard]] std::unique_ptr<transport::TlsLayer> MakeLayer(Instant now) const;

 private:
  const transport::TlsServerOptions options_;
  // Stays when contexts change, so that clients can resume across a reload.
  const transport::TlsTicketKeysPtr ticket_keys_;
  // Taken once a connection, before a handshake that costs a thousand times as much.
  mutable std::mutex mutex_;
  transport::TlsServerContextPtr context_;  // Guarded by mutex_.
};

}  // namespace ringmq::broker
