// The record layer of a TLS connection whose handshake is done, without OpenSSL's connection
// object: seals, opens, follows new keys, says goodbye. The ciphers are OpenSSL's.
//
// Why: of the 14 KB that OpenSSL keeps for an idle connection, 12 are for a handshake that is over
// and buffers that layers without I/O do not need; and its way to a record costs more than sealing
// a small one does. What the kernel would do with kTLS is done here in user space, from the same
// keys, so that a connection can move into the kernel from here between any two records.
//
//   record, TLS 1.3:  23 3 3 length | AEAD(content, type, zeros) tag
//   record, TLS 1.2:  type 3 3 length | [explicit nonce, 8] AEAD(content) tag
//
// What always holds:
//   - Nothing of a record is given out before its tag was found right.
//   - Nothing of the caller's bytes is kept but an incomplete record.
//   - After kEnded or kFailed nothing is read any more.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/layer.h"
#include "transport/tls_error.h"
#include "transport/tls_handles.h"
#include "transport/tls_keys.h"

namespace ringmq::transport {

class TlsRecords {
 public:
  static constexpr size_t kTextBytesMax = 1 << 14;  // RFC 8446 section 5.1

  // `role` is ours.
  TlsRecords(TlsRole role, const TlsKeys& keys);

  // As Layer's; `down` gets answers and alerts.
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down);
  // Requires: state() is kOpen.
  void Send(std::span<const uint8_t> text, ByteSink& down);
  // Says close_notify. Requires: state() is kOpen.
  void Close(ByteSink& down);

  // Never kOpening.
  [[nodiscard]] LayerState state() const { return state_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  // Bytes that are certain to belong to the record under way; 0 between two records.
  [[nodiscard]] size_t missing_bytes() const;
  // What whoever takes over goes on with. Requires: missing_bytes() is 0.
  [[nodiscard]] const TlsKeys& keys() const { return keys_; }

 private:
  using Cipher = std::unique_ptr<EVP_CIPHER_CTX, TlsFree<EVP_CIPHER_CTX_free>>;
  // What a record says that cannot be gone on with; the numbers are those of the alerts.
  enum class Alert : uint8_t {
    kCloseNotify = 0,
    kUnexpectedMessage = 10,
    kBadRecordMac = 20,
    kRecordOverflow = 22,
    kIllegalParameter = 47,
    kDecodeError = 50,
  };

  [[nodiscard]] bool TakeRecord(std::span<const uint8_t>& input, std::span<const uint8_t>& record,
                                ByteSink& down);
  [[nodiscard]] bool HeaderIsGood(std::span<const uint8_t> header, ByteSink& down);
  void OnRecord(std::span<const uint8_t> record, ByteSink& up, ByteSink& down);
  void OnContent(uint8_t type, std::span<const uint8_t> content, ByteSink& up, ByteSink& down);
  void OnAlert(std::span<const uint8_t> content, ByteSink& down);
  void OnHandshake(std::span<const uint8_t> content, ByteSink& down);
  void OnKeyUpdate(std::span<const uint8_t> message, ByteSink& down);
  void OnTickets(std::span<const uint8_t> messages, ByteSink& down);
  // False: the tag is wrong.
  [[nodiscard]] bool Open(std::span<const uint8_t> record, std::span<uint8_t> text);
  void Seal(uint8_t type, std::span<const uint8_t> content, ByteSink& down);
  void UpdateSendingKeys(ByteSink& down);
  void Fail(Alert alert, std::string why, ByteSink& down);

  const TlsRole role_;
  LayerState state_ = LayerState::kOpen;
  uint8_t idle_records_ = 0;  // Without data, one behind the other.
  TlsKeys keys_;
  Cipher tx_;
  Cipher rx_;
  std::vector<uint8_t> partial_;  // A record that is not complete.
  std::string error_;
};

}  // namespace ringmq::transport
