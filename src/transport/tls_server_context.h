// What a server needs for TLS: certificates, authorities, keys, all read and checked.
//
// Constant once made and shared by all cores. A reload makes another; connections stay with the
// one that they began with.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "transport/tls_files.h"
#include "transport/tls_handles.h"
#include "transport/tls_keylog.h"
#include "transport/tls_layer.h"
#include "transport/tls_options.h"
#include "transport/tls_psk.h"
#include "transport/tls_ticket_keys.h"
#include "transport/tls_ticket_note.h"

namespace ringmq::transport {

class TlsServerContext;
// Connections on any core, and the listener, until the last of them is gone.
using TlsServerContextPtr =
    std::shared_ptr<const TlsServerContext>;  // check:allow(shared_ptr): see above
// Listeners, and what comes after them with a reload.
using TlsTicketKeysPtr = std::shared_ptr<TlsTicketKeys>;  // check:allow(shared_ptr): see above

class TlsServerContext {
 public:
  // Reads all files now. Errors name the file and the cause. `ticket_keys`: those of other
  // listeners or of the context that this one replaces; null: keys of its own.
  static absl::StatusOr<TlsServerContextPtr> Make(const TlsServerOptions& options,
                                                  TlsTicketKeysPtr ticket_keys = nullptr);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  // What works, but perhaps not as the operator thinks: an expired certificate.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // The caller must have these rotated now and then. Null: no tickets.
  [[nodiscard]] const TlsTicketKeysPtr& ticket_keys() const { return ticket_keys_; }

 private:
  friend std::unique_ptr<TlsLayer> MakeServerLayer(const TlsServerContextPtr& context, Instant now);

  // A certificate, or several of different kinds with the same names.
  struct Site {
    TlsSslCtx ctx;
    std::vector<std::string> names;
    std::vector<int> key_kinds;
  };

  TlsServerContext() = default;
  absl::Status Load(const TlsServerOptions& options);
  absl::Status AddKeyPair(const TlsServerOptions& options, const TlsKeyPair& files);
  absl::StatusOr<Site*> SiteFor(const TlsServerOptions& options, std::vector<std::string> names,
                                int key_kind);
  absl::Status Finish(const TlsServerOptions& options, Site& site);
  void UseAuthorities(const TlsServerOptions& options, SSL_CTX* ctx);
  void UseTickets(const TlsServerOptions& options, SSL_CTX* ctx);
  // Would a full handshake still prove what this one has?
  [[nodiscard]] bool Counts(const TlsTicketNote& note, Instant now) const;
  static int OnMakeTicket(SSL* ssl, void* context);
  static SSL_TICKET_RETURN OnOpenTicket(SSL* ssl, SSL_SESSION* session, const unsigned char* name,
                                        size_t name_bytes, SSL_TICKET_STATUS status, void* context);
  [[nodiscard]] SSL_CTX* Choose(std::string_view server_name) const;
  static int OnServerName(SSL* ssl, int* alert, void* context);
  static int OnAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void* context);

  std::vector<Site> sites_;  // The first is for those who ask for no name that we have.
  absl::flat_hash_map<std::string, size_t> by_name_;  // "*.a.b" stands for itself here.
  TlsAuthorities authorities_;
  TlsPskKeys psk_keys_;
  std::vector<uint8_t> alpn_;
  std::unique_ptr<TlsKeyLog> keylog_;
  TlsTicketKeysPtr ticket_keys_;
  Duration ticket_lifetime_;
  std::vector<std::string> warnings_;
  TlsRecordLayer record_layer_ = TlsRecordLayer::kOpenSsl;
};

// A layer for one connection. `now` is from a clock that goes on with the ticket keys: the lifetime
// of tickets is measured by it.
[[nodiscard]] std::unique_ptr<TlsLayer> MakeServerLayer(const TlsServerContextPtr& context,
                                                        Instant now);

}  // namespace ringmq::transport
