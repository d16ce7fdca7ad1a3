// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_client_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "transport/tls_names.h"
#include "transport/tls_setup.h"

namespace ringmq::transport {

TlsClientContext::TlsClientContext(const TlsClientOptions& options)
    : server_name_(options.server_name),
      insecure_(options.insecure),
      record_layer_(options.protocol.record_layer),
      // A pre-shared key is as quick as a ticket, and needs no memory.
      resume_(options.resume && options.psk_identity.empty()),
      sessions_(std::make_unique<TlsSessionCache>(options.tickets_reused)) {}

TlsClientContext::~TlsClientContext() = default;

absl::StatusOr<TlsClientContextPtr> TlsClientContext::Make(const TlsClientOptions& options) {
  std::unique_ptr<TlsClientContext> context(new TlsClientContext(options));
  const absl::Status status = context->Load(options);
  if (!status.ok()) return status;
  return TlsClientContextPtr(std::move(context));
}

absl::Status TlsClientContext::Load(const TlsClientOptions& options) {
  const bool with_psk = !options.psk_identity.empty();
  absl::StatusOr<TlsSslCtx> ctx = TlsMakeCtx(TlsRole::kClient, options.protocol,
                                             with_psk ? TlsPskUse::kOffered : TlsPskUse::kNone);
  if (!ctx.ok()) return ctx.status();
  ctx_ = *std::move(ctx);
  absl::Status status = LoadPsk(options);
  if (!status.ok()) return status;
  if (!options.key_pair.certificate_file.empty()) status = LoadIdentity(options.key_pair);
  if (!status.ok()) return status;
  const absl::StatusOr<TlsAuthorities> authorities =
      TlsReadAuthorities(options.trust, TlsDefaultTrust::kSystem);
  if (!authorities.ok()) return authorities.status();
  SSL_CTX_set1_cert_store(ctx_.get(), authorities->store.get());
  SSL_CTX_set_verify(ctx_.get(), insecure_ ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     insecure_ ? nullptr : TlsLayer::OnVerify);
  const absl::StatusOr<std::vector<uint8_t>> alpn = TlsAlpnList(options.protocol.alpn);
  if (!alpn.ok()) return alpn.status();
  if (!alpn->empty()) {
    SSL_CTX_set_alpn_protos(ctx_.get(), alpn->data(), static_cast<unsigned>(alpn->size()));
  }
  if (!options.protocol.keylog_file.empty()) {
    absl::StatusOr<std::unique_ptr<TlsKeyLog>> log = TlsKeyLog::Open(options.protocol.keylog_file);
    if (!log.ok()) return log.status();
    keylog_ = *std::move(log);
  }
  if (keylog_ != nullptr || record_layer_ != TlsRecordLayer::kOpenSsl)
    TlsUseKeyLog(ctx_.get(), keylog_.get());
  if (resume_) {
    SSL_CTX_set_session_cache_mode(ctx_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx_.get(), TlsLayer::OnNewSession);
  } else {
    SSL_CTX_set_session_cache_mode(ctx_.get(), SSL_SESS_CACHE_OFF);
  }
  return absl::OkStatus();
}

absl::Status TlsClientContext::LoadIdentity(const TlsKeyPair& files) {
  const absl::StatusOr<TlsIdentity> identity = TlsReadIdentity(files);
  if (!identity.ok()) return identity.status();
  std::string warning = TlsValidityWarning(*identity, files.certificate_file);
  if (!warning.empty()) warnings_.push_back(std::move(warning));
  return TlsUseIdentity(ctx_.get(), *identity, files.certificate_file);
}

absl::Status TlsClientContext::LoadPsk(const TlsClientOptions& options) {
  if (options.psk_identity.empty()) {
    if (options.psk_hex_key.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("a pre-shared key needs an identity");
  }
  if (options.psk_identity.size() >= TlsPskKeys::kIdentityBytesMax) {
    return absl::InvalidArgumentError("the identity of the pre-shared key is too long");
  }
  absl::StatusOr<std::string> key = TlsPskKeys::ParseKey(options.psk_hex_key, "pre-shared key");
  if (!key.ok()) return key.status();
  psk_ = {options.psk_identity, *std::move(key)};
  TlsUsePskCredential(ctx_.get(), &psk_);
  return absl::OkStatus();
}

void TlsClientContext::ExpectName(SSL* ssl, const std::string& name) const {
  const bool is_address = TlsIsAddress(name);
  // RFC 6066 section 3: no addresses here.
  if (!is_address) {
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  }
  if (insecure_) return;
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int done = is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str())
                              : X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size());
  // Without this every trusted certificate would do.
  RMQ_CHECK(done == 1);
}

std::unique_ptr<TlsLayer> MakeClientLayer(const TlsClientContextPtr& context,
                                          const std::string& host, uint16_t port) {
  RMQ_CHECK(context != nullptr);
  // Up to a NUL, as the resolver reads it.
  const std::string name =
      TlsFoldName((context->server_name_.empty() ? host : context->server_name_).c_str());
  RMQ_CHECK(!name.empty());
  TlsSsl ssl(SSL_new(context->ctx_.get()));
  RMQ_CHECK(ssl != nullptr);
  context->ExpectName(ssl.get(), name);
  TlsOrigin origin;
  origin.context = context;
  origin.role = TlsRole::kClient;
  origin.insecure = context->insecure_;
  origin.record_layer = context->record_layer_;
  origin.peer_name = name;
  if (context->resume_) {
    origin.session_key = absl::StrCat(TlsFoldName(host), ":", port, ":", name);
    origin.sessions = context->sessions_.get();
    const TlsSession session = context->sessions_->Take(origin.session_key);
    if (session != nullptr) SSL_set_session(ssl.get(), session.get());
  }
  ERR_clear_error();
  return std::make_unique<TlsLayer>(std::move(ssl), std::move(origin));
}

}  // namespace ringmq::transport
