// TLS as a layer, for both ends of a connection. OpenSSL works on memory only: it reads what
// Receive() is given and writes into the sink for the peer.
//
//   kOpening --handshake done--> kOpen --close_notify, either way--> kEnded
//      |                           |
//      +-------alert or error------+--> kFailed: our alert, if one is due, is in `down`
//
// What always holds:
//   - Between two calls nothing of ours points to the caller's bytes or sinks.
//   - A failed or ended layer has given back OpenSSL's memory. An open one has, too, if it was made
//     another record layer than OpenSSL's: TlsRecords does the rest.
//   - Nothing depends on the thread: a connection may be handed to another core between two calls.
//
// A stream that stops without close_notify is for the caller to see: it knows the socket.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "transport/layer.h"
#include "transport/tls_error.h"
#include "transport/tls_handles.h"
#include "transport/tls_options.h"
#include "transport/tls_records.h"
#include "transport/tls_secrets.h"
#include "transport/tls_wire.h"

namespace ringmq::transport {

class TlsSessionCache;

// What a layer takes from the context that it is made with. Contexts are shared by all cores and
// replaced by a reload; OpenSSL's callbacks point into them, so each layer keeps its own alive.
struct TlsOrigin {
  std::shared_ptr<const void> context;  // check:allow(shared_ptr): see above
  TlsRole role = TlsRole::kServer;
  bool insecure = false;  // Shows no certificate as proved.
  TlsRecordLayer record_layer = TlsRecordLayer::kOpenSsl;
  std::string peer_name;                // Client: whose certificate is expected.
  std::string session_key;              // Client: where new sessions go in the cache.
  TlsSessionCache* sessions = nullptr;  // Of the context; null: do not resume.
  Instant begun_at = {};                // Server: when the connection was accepted.
};

class TlsLayer final : public Layer {
 public:
  static constexpr size_t kErrorBytesMax = 200;

  TlsLayer(TlsSsl ssl, TlsOrigin origin);
  ~TlsLayer() override;
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  void Start(ByteSink& down) override;
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override;
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override;
  void Close(ByteSink& down) override;
  [[nodiscard]] LayerState state() const override { return state_; }
  // The kernel has taken over.
  [[nodiscard]] bool is_transparent() const override { return transparent_; }
  KernelMove MoveIntoKernel(int fd) override;
  [[nodiscard]] std::string_view error() const override { return error_; }
  // Adds nothing once the layer has failed or was closed by us.
  void Describe(PeerFacts& facts) const override;

  // How many bytes the peer still owes of the record under way; 0: the stream is between two
  // records, and everything that was received has been given out.
  [[nodiscard]] size_t record_bytes_missing() const {
    return records_ != nullptr ? records_->missing_bytes() : wire_.cursor.missing_bytes();
  }
  // Null: OpenSSL is at work, or the layer is not open.
  [[nodiscard]] const TlsRecords* records() const { return records_.get(); }
  [[nodiscard]] const SSL* ssl() const { return ssl_.get(); }

  // Of the connection's origin.
  static Instant BegunAt(const SSL* ssl);
  // OpenSSL's callbacks; they find their layer by the SSL object's application data.
  static int OnVerify(int ok, X509_STORE_CTX* verification);
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);
  // A line for a key log.
  static void OnSecret(const SSL* ssl, std::string_view line);

 private:
  static void OnMessage(int written, int version, int type, const void* bytes, size_t size_bytes,
                        SSL* ssl, void* layer);
  void Handshake();
  void UseOwnRecords();
  void AfterRecords();
  void ReadAll(ByteSink& up);
  void WriteUnsent();
  void Write(std::span<const uint8_t> bytes);
  // After a call that did not succeed: nothing, the peer's goodbye, or an error.
  void OnResult(int result);
  void Fail(std::string why);
  void KeepFacts();
  void Release();

  TlsOrigin origin_;
  TlsWire wire_;
  TlsSsl ssl_;
  std::unique_ptr<TlsSecrets> secrets_;  // During the handshake, if records_ is to follow.
  std::unique_ptr<TlsRecords> records_;  // Afterwards, instead of ssl_.
  // What the handshake found out, once OpenSSL cannot be asked any more: it has gone, or the peer
  // has said goodbye, and its last words are still to be heard.
  std::unique_ptr<TlsFacts> facts_;
  std::string unsent_;  // See Write().
  std::string verify_error_;
  std::string error_;
  LayerState state_ = LayerState::kOpening;
  bool transparent_ = false;
  bool heard_ = false;  // The first byte has come, and it was TLS's.
};

}  // namespace ringmq::transport
