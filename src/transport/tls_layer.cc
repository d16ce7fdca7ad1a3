// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_layer.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/check.h"
#include "transport/tls_kernel.h"
#include "transport/tls_names.h"
#include "transport/tls_psk.h"
#include "transport/tls_session_cache.h"

namespace ringmq::transport {
namespace {

// Text that waits while the peer is in the middle of a handshake message after the handshake. It
// may not stay there, so this is for bytes that were under way.
constexpr size_t kUnsentBytesMax = 1 << 20;

// Up to here a copy costs less than asking OpenSSL twice.
constexpr size_t kSmallTextBytes = 2048;

TlsLayer* LayerOf(const SSL* ssl) { return static_cast<TlsLayer*>(SSL_get_app_data(ssl)); }

// Puts the sinks in place for one call.
class Turn {
 public:
  Turn(TlsWire& wire, std::span<const uint8_t> input, ByteSink& down) : wire_(wire) {
    wire.input = input;
    wire.down = &down;
    ERR_clear_error();  // SSL_get_error() looks at the thread's queue, and others leave things
                        // there.
  }
  ~Turn() {
    wire_.input = {};
    wire_.down = nullptr;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  TlsWire& wire_;
};

}  // namespace

TlsLayer::TlsLayer(TlsSsl ssl, TlsOrigin origin)
    : origin_(std::move(origin)), ssl_(std::move(ssl)) {
  RMQ_CHECK(ssl_ != nullptr);
  SSL_set_app_data(ssl_.get(), this);
  BIO* const bio = wire_.MakeBio().release();
  SSL_set_bio(ssl_.get(), bio, bio);
  if (origin_.role == TlsRole::kServer) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
  if (origin_.record_layer != TlsRecordLayer::kOpenSsl) {
    secrets_ = std::make_unique<TlsSecrets>(origin_.role);
    SSL_set_msg_callback(ssl_.get(), OnMessage);
    SSL_set_msg_callback_arg(ssl_.get(), this);
  }
}

TlsLayer::~TlsLayer() { Release(); }

void TlsLayer::Start(ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpening);
  if (origin_.role == TlsRole::kServer) return;
  const Turn turn(wire_, {}, down);
  Handshake();
  if (state_ == LayerState::kFailed) Release();
}

void TlsLayer::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  RMQ_CHECK(!transparent_);
  if (input.empty() || state_ == LayerState::kEnded || state_ == LayerState::kFailed) return;
  if (!heard_ && !TlsMayBegin(origin_.role, input[0])) {
    // Garbage is not worth OpenSSL's time, nor its sender an alert that it cannot read.
    Fail(TlsNotTls(origin_.role, input[0]));
    Release();
    return;
  }
  heard_ = true;
  if (records_ == nullptr) {
    const Turn turn(wire_, input, down);
    if (state_ == LayerState::kOpening) Handshake();
    if (state_ == LayerState::kOpen && records_ == nullptr) ReadAll(up);
    if (state_ == LayerState::kOpen && !unsent_.empty()) WriteUnsent();
    input = wire_.input;  // What OpenSSL has not taken.
  }
  if (records_ != nullptr) {
    records_->Receive(input, up, down);
    AfterRecords();
  }
  if (state_ == LayerState::kEnded || state_ == LayerState::kFailed) Release();
}

void TlsLayer::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  RMQ_CHECK(!transparent_);
  if (bytes.empty()) return;
  if (records_ != nullptr) {
    records_->Send(bytes, down);
    return;
  }
  const Turn turn(wire_, {}, down);
  Write(bytes);
  if (state_ != LayerState::kOpen) Release();
}

void TlsLayer::Close(ByteSink& down) {
  RMQ_CHECK(!transparent_);
  // In kEnded the peer's goodbye has been answered already.
  if (state_ != LayerState::kOpen) return;
  if (records_ != nullptr) {
    records_->Close(down);
  } else {
    const Turn turn(wire_, {}, down);
    SSL_shutdown(ssl_.get());
  }
  state_ = LayerState::kEnded;
  facts_.reset();
  Release();
}

void TlsLayer::Handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    OnResult(result);
    return;
  }
  state_ = LayerState::kOpen;
  const bool renewed =
      SSL_session_reused(ssl_.get()) == 1 && SSL_version(ssl_.get()) < TLS1_3_VERSION;
  // A server may give a resumed client a new ticket, of which OpenSSL tells only with TLS 1.3.
  if (origin_.sessions != nullptr && renewed) {
    origin_.sessions->Put(origin_.session_key, TlsSession(SSL_get1_session(ssl_.get())));
  }
  if (secrets_ != nullptr) UseOwnRecords();
}

// The handshake's last record was read to its end and nothing behind it, so this is between two
// records in both directions.
void TlsLayer::UseOwnRecords() {
  const std::unique_ptr<TlsSecrets> secrets = std::move(secrets_);
  SSL_set_msg_callback(ssl_.get(), nullptr);
  // With TLS 1.3 tickets are still to come, and only OpenSSL can put them into the cache.
  const bool awaits_tickets = origin_.role == TlsRole::kClient && origin_.sessions != nullptr &&
                              SSL_version(ssl_.get()) == TLS1_3_VERSION;
  if (awaits_tickets) return;
  if (wire_.cursor.missing_bytes() > 0 || SSL_has_pending(ssl_.get()) == 1) return;
  const std::optional<TlsKeys> keys = DeriveTlsKeys(ssl_.get(), *secrets);
  if (!keys) return;
  KeepFacts();
  Release();
  records_ = std::make_unique<TlsRecords>(origin_.role, *keys);
}

void TlsLayer::AfterRecords() {
  state_ = records_->state();
  if (state_ == LayerState::kFailed) Fail(records_->error());
}

void TlsLayer::ReadAll(ByteSink& up) {
  // The size of a record's text is known only when it is open. Most are small: these are opened
  // into this and copied; of a large one only the beginning is.
  std::array<uint8_t, kSmallTextBytes> start;  // NOLINT: written before it is read.
  // Ends: each turn takes something from the input, which OpenSSL reads record by record.
  while (!wire_.input.empty() && state_ == LayerState::kOpen) {
    size_t read = 0;
    const int result = SSL_read_ex(ssl_.get(), start.data(), start.size(), &read);
    if (result != 1) {
      OnResult(result);
      return;
    }
    up.Append(std::span<const uint8_t>(start).first(read));
    const auto pending = static_cast<size_t>(SSL_pending(ssl_.get()));
    if (pending == 0) continue;
    const int taken = SSL_read_ex(ssl_.get(), up.Append(pending), pending, &read);
    RMQ_CHECK(taken == 1);
    RMQ_CHECK(read == pending);
  }
}

void TlsLayer::Write(std::span<const uint8_t> bytes) {
  size_t written = 0;
  const int result =
      unsent_.empty() ? SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) : 0;
  if (result == 1) {
    RMQ_CHECK(written == bytes.size());  // The BIO takes everything.
    return;
  }
  if (unsent_.empty() && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) {
    OnResult(result);
    return;
  }
  // A peer may cut a message that follows the handshake (a session ticket) into several records,
  // and OpenSSL writes no data until it has read all of it.
  if (bytes.size() > kUnsentBytesMax - unsent_.size()) {
    Fail("peer does not finish a handshake message");
    return;
  }
  unsent_.append(bytes.begin(), bytes.end());
}

void TlsLayer::WriteUnsent() {
  const std::string bytes = std::exchange(unsent_, {});
  Write({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

void TlsLayer::OnResult(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return;
    case SSL_ERROR_ZERO_RETURN:
      SSL_shutdown(ssl_.get());  // Answers; RFC 5246 section 7.2.1.
      if (state_ == LayerState::kOpening) {
        Fail(origin_.role == TlsRole::kServer ? "client left during the handshake"
                                              : "server left during the handshake");
      } else {
        KeepFacts();
        state_ = LayerState::kEnded;
      }
      return;
    default:  // check:allow(default): whatever else OpenSSL says, it cannot go on
      Fail(verify_error_.empty() ? TlsFailure(origin_.role) : std::exchange(verify_error_, {}));
  }
}

void TlsLayer::Fail(std::string why) {
  state_ = LayerState::kFailed;
  error_ = TlsPrintable(why, kErrorBytesMax);
  facts_.reset();
}

void TlsLayer::Release() {
  // OpenSSL keeps the old rule that a session ending without goodbyes may not be resumed, which TLS
  // has dropped (RFC 4346 section 7.2.1), and devices that lose their network need not to hold.
  // After a fatal alert it has forbidden the session already.
  if (ssl_ != nullptr && state_ != LayerState::kFailed) {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  ERR_clear_error();
  ssl_.reset();
  secrets_.reset();
  records_.reset();
  unsent_ = {};
}

void TlsLayer::Describe(PeerFacts& facts) const {
  if (facts_ != nullptr) facts.tls = *facts_;
  if (ssl_ == nullptr || state_ != LayerState::kOpen) return;
  TlsFacts& tls = facts.tls;
  tls.used = true;
  tls.resumed = SSL_session_reused(ssl_.get()) == 1;
  tls.version = SSL_get_version(ssl_.get());
  tls.cipher = SSL_get_cipher_name(ssl_.get());
  if (const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) {
    tls.server_name = name;
  }
  const unsigned char* alpn = nullptr;
  unsigned alpn_bytes = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &alpn_bytes);
  tls.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_bytes);
  tls.psk_identity = TlsPskIdentity(ssl_.get());
  // TLS 1.3 makes no difference between a ticket and a pre-shared key: both resume something.
  if (!tls.psk_identity.empty() && SSL_version(ssl_.get()) == TLS1_3_VERSION) tls.resumed = false;
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate != nullptr && !origin_.insecure &&
      SSL_get_verify_result(ssl_.get()) == X509_V_OK) {
    tls.has_certificate = true;
    tls.certificate = TlsCertificateFacts(certificate);
  }
}

KernelMove TlsLayer::MoveIntoKernel(int fd) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  if (origin_.record_layer != TlsRecordLayer::kKernel || records_ == nullptr) {
    return KernelMove::kNever;
  }
  // The kernel begins with a record.
  if (records_->missing_bytes() > 0) return KernelMove::kNotYet;
  KernelKeys keys = KernelKeysOf(records_->keys());
  const KernelInstallResult result = InstallKernelTls(fd, keys);
  keys.Clear();
  if (result.outcome == KernelMove::kDone) {
    transparent_ = true;
    Release();
  }
  return result.outcome;
}

void TlsLayer::KeepFacts() {
  PeerFacts facts;
  Describe(facts);
  facts_ = std::make_unique<TlsFacts>(std::move(facts.tls));
}

Instant TlsLayer::BegunAt(const SSL* ssl) { return LayerOf(ssl)->origin_.begun_at; }

int TlsLayer::OnVerify(int ok, X509_STORE_CTX* verification) {
  if (ok == 1) return ok;
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsLayer* const layer = LayerOf(ssl);
  const int problem = X509_STORE_CTX_get_error(verification);
  // Of a chain, the one that is at fault; for a name the server's own, which is asked first.
  layer->verify_error_ = TlsVerifyFailure(layer->origin_.role, layer->origin_.peer_name, problem,
                                          X509_STORE_CTX_get_current_cert(verification));
  return ok;
}

int TlsLayer::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  const TlsOrigin& origin = LayerOf(ssl)->origin_;
  if (origin.sessions == nullptr) return 0;
  origin.sessions->Put(origin.session_key, TlsSession(session));
  return 1;  // The session is ours now.
}

void TlsLayer::OnSecret(const SSL* ssl, std::string_view line) {
  TlsLayer* const layer = LayerOf(ssl);
  if (layer->secrets_ != nullptr) layer->secrets_->OnKeyLogLine(line);
}

void TlsLayer::OnMessage(int written, int, int type, const void* bytes, size_t size_bytes, SSL*,
                         void* layer) {
  TlsSecrets* const secrets = static_cast<TlsLayer*>(layer)->secrets_.get();
  if (secrets == nullptr || size_bytes == 0) return;
  const uint8_t first = *static_cast<const uint8_t*>(bytes);
  if (type == SSL3_RT_HEADER) secrets->OnRecord(written == 1, first);
}

}  // namespace ringmq::transport
