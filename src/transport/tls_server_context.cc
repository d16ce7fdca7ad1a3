// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_server_context.h"

#include <openssl/err.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "transport/tls_names.h"
#include "transport/tls_setup.h"

namespace ringmq::transport {
namespace {

constexpr uint8_t kTicketCountMax = 2;

int VerifyMode(ClientCertificates certificates) {
  switch (certificates) {
    case ClientCertificates::kOff:
      return SSL_VERIFY_NONE;
    case ClientCertificates::kOptional:
      return SSL_VERIFY_PEER;
    case ClientCertificates::kRequired:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  RMQ_CHECK(false);
}

absl::Status Check(const TlsServerOptions& options) {
  if (options.key_pairs.empty() && options.psk_file.empty()) {
    return absl::InvalidArgumentError("a TLS listener needs a certificate or a file of keys");
  }
  const bool has_authority = !options.trust.ca_file.empty() || !options.trust.ca_path.empty();
  if (options.client_certificates != ClientCertificates::kOff && !has_authority) {
    return absl::InvalidArgumentError(
        "client certificates are asked for, but no authority for them is given");
  }
  if (options.ticket_count < 1 || options.ticket_count > kTicketCountMax) {
    return absl::InvalidArgumentError("the number of tickets must be 1 or 2");
  }
  if (options.ticket_lifetime < kSecond || options.ticket_lifetime > 7 * 24 * 3600 * kSecond) {
    // RFC 8446 section 4.6.1.
    return absl::InvalidArgumentError("tickets must live between a second and a week");
  }
  return absl::OkStatus();
}

// When the first of these expires, in Unix time; kForEver without any.
int64_t FirstToExpire(const STACK_OF(X509) * chain) {
  int64_t first_s = TlsTicketNote::kForEver;
  const int count = chain == nullptr ? 0 : sk_X509_num(chain);
  for (int i = 0; i < count; ++i) {
    first_s = std::min(first_s, TlsUnixTime(X509_get0_notAfter(sk_X509_value(chain, i))));
  }
  return first_s;
}

}  // namespace

TlsServerContext::~TlsServerContext() = default;

absl::StatusOr<TlsServerContextPtr> TlsServerContext::Make(const TlsServerOptions& options,
                                                           TlsTicketKeysPtr ticket_keys) {
  absl::Status status = Check(options);
  if (!status.ok()) return status;
  std::unique_ptr<TlsServerContext> context(new TlsServerContext);
  if (options.tickets) {
    context->ticket_keys_ = ticket_keys != nullptr
                                ? std::move(ticket_keys)
                                : std::make_shared<TlsTicketKeys>(options.ticket_lifetime);
  }
  status = context->Load(options);
  if (!status.ok()) return status;
  return TlsServerContextPtr(std::move(context));
}

absl::Status TlsServerContext::Load(const TlsServerOptions& options) {
  record_layer_ = options.protocol.record_layer;
  ticket_lifetime_ = options.ticket_lifetime;
  absl::StatusOr<TlsAuthorities> authorities =
      TlsReadAuthorities(options.trust, TlsDefaultTrust::kNobody);
  if (!authorities.ok()) return authorities.status();
  authorities_ = *std::move(authorities);
  if (!options.psk_file.empty()) {
    const absl::StatusOr<std::string> text = TlsReadFile(options.psk_file, "pre-shared keys");
    if (!text.ok()) return TlsAbout("psk_file", text.status());
    absl::StatusOr<TlsPskKeys> keys = TlsPskKeys::Parse(*text, options.psk_file);
    if (!keys.ok()) return TlsAbout("psk_file", keys.status());
    psk_keys_ = *std::move(keys);
  }
  absl::StatusOr<std::vector<uint8_t>> alpn = TlsAlpnList(options.protocol.alpn);
  if (!alpn.ok()) return TlsAbout("alpn", alpn.status());
  alpn_ = *std::move(alpn);
  if (!options.protocol.keylog_file.empty()) {
    absl::StatusOr<std::unique_ptr<TlsKeyLog>> log = TlsKeyLog::Open(options.protocol.keylog_file);
    if (!log.ok()) return TlsAbout("keylog_file", log.status());
    keylog_ = *std::move(log);
  }
  for (const TlsKeyPair& files : options.key_pairs) {
    const absl::Status status = AddKeyPair(options, files);
    if (!status.ok()) return status;
  }
  if (sites_.empty()) {
    const absl::StatusOr<Site*> site = SiteFor(options, {}, EVP_PKEY_NONE);
    if (!site.ok()) return site.status();
  }
  for (Site& site : sites_) {
    const absl::Status status = Finish(options, site);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TlsServerContext::AddKeyPair(const TlsServerOptions& options,
                                          const TlsKeyPair& files) {
  const absl::StatusOr<TlsIdentity> identity = TlsReadIdentity(files);
  if (!identity.ok()) return identity.status();
  std::string warning = TlsValidityWarning(*identity, files.certificate_file);
  if (!warning.empty()) warnings_.push_back(std::move(warning));
  const absl::StatusOr<Site*> site = SiteFor(options, TlsServerNames(identity->certificate.get()),
                                             EVP_PKEY_get_base_id(identity->key.get()));
  if (!site.ok()) return site.status();
  return TlsAbout("certificate_files",
                  TlsUseIdentity((*site)->ctx.get(), *identity, files.certificate_file));
}

absl::StatusOr<TlsServerContext::Site*> TlsServerContext::SiteFor(const TlsServerOptions& options,
                                                                  std::vector<std::string> names,
                                                                  int key_kind) {
  std::ranges::sort(names);
  for (Site& site : sites_) {
    if (site.names != names || std::ranges::count(site.key_kinds, key_kind) > 0) continue;
    site.key_kinds.push_back(key_kind);
    return &site;
  }
  absl::StatusOr<TlsSslCtx> ctx =
      TlsMakeCtx(TlsRole::kServer, options.protocol,
                 psk_keys_.empty() ? TlsPskUse::kNone : TlsPskUse::kOffered);
  if (!ctx.ok()) return ctx.status();
  for (const std::string& name : names) by_name_.try_emplace(name, sites_.size());
  sites_.push_back({*std::move(ctx), std::move(names), {key_kind}});
  return &sites_.back();
}

absl::Status TlsServerContext::Finish(const TlsServerOptions& options, Site& site) {
  SSL_CTX* const ctx = site.ctx.get();
  UseAuthorities(options, ctx);
  UseTickets(options, ctx);
  if (!psk_keys_.empty()) {
    TlsUsePskKeys(ctx, &psk_keys_);
    if (!options.psk_hint.empty() &&
        SSL_CTX_use_psk_identity_hint(ctx, options.psk_hint.c_str()) != 1) {
      return TlsAbout("psk_hint",
                      absl::InvalidArgumentError("the hint for pre-shared keys is too long"));
    }
  }
  if (keylog_ != nullptr || record_layer_ != TlsRecordLayer::kOpenSsl)
    TlsUseKeyLog(ctx, keylog_.get());
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(OnServerName));
  SSL_CTX_set_tlsext_servername_arg(ctx, this);
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(ctx, OnAlpn, this);
  return absl::OkStatus();
}

void TlsServerContext::UseAuthorities(const TlsServerOptions& options, SSL_CTX* ctx) {
  SSL_CTX_set_verify(ctx, VerifyMode(options.client_certificates), TlsLayer::OnVerify);
  SSL_CTX_set1_cert_store(ctx, authorities_.store.get());
  if (!options.trust.ca_file.empty()) {
    SSL_CTX_set_client_CA_list(ctx, TlsAuthorityNames(options.trust.ca_file));
  }
  // A ticket counts only where the same clients would be believed, by the same rules.
  const std::string rules =
      absl::StrCat(authorities_.digest, "/", static_cast<int>(options.client_certificates));
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  static_assert(SHA256_DIGEST_LENGTH <= SSL_MAX_SID_CTX_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(rules.data()), rules.size(), hash.data());
  SSL_CTX_set_session_id_context(ctx, hash.data(), hash.size());
}

void TlsServerContext::UseTickets(const TlsServerOptions& options, SSL_CTX* ctx) {
  // Tickets are the only memory of sessions.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  if (ticket_keys_ == nullptr) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ctx, 0);
    return;
  }
  ticket_keys_->Use(ctx);
  SSL_CTX_set_num_tickets(ctx, options.ticket_count);
  SSL_CTX_set_timeout(ctx, ticket_lifetime_.ns / kSecond.ns);
  SSL_CTX_set_session_ticket_cb(ctx, OnMakeTicket, OnOpenTicket, this);
}

int TlsServerContext::OnMakeTicket(SSL* ssl, void* context) {
  const auto* const self = static_cast<const TlsServerContext*>(context);
  SSL_SESSION* const session = SSL_get_session(ssl);
  const Instant now = TlsLayer::BegunAt(ssl);
  TlsTicketNote note = TlsReadNote(session).value_or(TlsTicketNote{});
  if (note.until == Instant::Max()) {
    // No resumption: what was proved was proved now.
    note.until = now + self->ticket_lifetime_;
    if (const auto* const chain = SSL_get0_verified_chain(ssl); chain != nullptr) {
      note.trusted_until_s = std::min(FirstToExpire(chain), self->authorities_.lists_until_s);
    }
    if (!TlsWriteNote(session, note)) return 0;
  }
  // Goes to the client, which need not try later.
  SSL_SESSION_set_timeout(session, std::max<int64_t>(1, (note.until - now).ns / kSecond.ns));
  return 1;
}

SSL_TICKET_RETURN TlsServerContext::OnOpenTicket(SSL* ssl, SSL_SESSION* session,
                                                 const unsigned char*, size_t,
                                                 SSL_TICKET_STATUS status, void* context) {
  // A full handshake, and a new ticket.
  constexpr SSL_TICKET_RETURN kRefuse = SSL_TICKET_RETURN_IGNORE_RENEW;
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return kRefuse;
  const std::optional<TlsTicketNote> note = TlsReadNote(session);
  const auto* const self = static_cast<const TlsServerContext*>(context);
  if (!note || !self->Counts(*note, TlsLayer::BegunAt(ssl))) return kRefuse;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

bool TlsServerContext::Counts(const TlsTicketNote& note, Instant now) const {
  if (now >= note.until) return false;
  if (note.trusted_until_s != TlsTicketNote::kForEver && TlsHasPassed(note.trusted_until_s)) {
    return false;
  }
  if (note.psk_identity.empty()) return true;
  const std::string* const key = psk_keys_.Find(note.psk_identity);
  return key != nullptr && TlsTicketNote::DigestOf(*key) == note.psk_digest;
}

SSL_CTX* TlsServerContext::Choose(std::string_view server_name) const {
  const std::string name = TlsFoldName(server_name);
  auto found = by_name_.find(name);
  const size_t dot = name.find('.');
  if (found == by_name_.end() && dot != std::string::npos) {
    found = by_name_.find(absl::StrCat("*", name.substr(dot)));
  }
  return sites_[found == by_name_.end() ? 0 : found->second].ctx.get();
}

int TlsServerContext::OnServerName(SSL* ssl, int*, void* context) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const chosen = static_cast<const TlsServerContext*>(context)->Choose(name);
  if (chosen != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, chosen);
  return SSL_TLSEXT_ERR_OK;
}

int TlsServerContext::OnAlpn(SSL*, const unsigned char** out, unsigned char* out_bytes,
                             const unsigned char* offered, unsigned offered_bytes, void* context) {
  const std::vector<uint8_t>& ours = static_cast<const TlsServerContext*>(context)->alpn_;
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, out_bytes, ours.data(), static_cast<unsigned>(ours.size()),
                            offered, offered_bytes);
  *out = selected;
  // RFC 7301 section 3.2: no_application_protocol.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::unique_ptr<TlsLayer> MakeServerLayer(const TlsServerContextPtr& context, Instant now) {
  RMQ_CHECK(context != nullptr);
  TlsOrigin origin;
  origin.context = context;
  origin.role = TlsRole::kServer;
  origin.record_layer = context->record_layer_;
  origin.begun_at = now;
  return std::make_unique<TlsLayer>(TlsSsl(SSL_new(context->sites_[0].ctx.get())),
                                    std::move(origin));
}

}  // namespace ringmq::transport
