// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_records.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace ringmq::transport {
namespace {

constexpr size_t kHeaderBytes = 5;
constexpr size_t kTagBytes = 16;
constexpr size_t kExplicitNonceBytes = 8;
constexpr uint8_t kAlertType = 21;
constexpr uint8_t kHandshakeType = 22;
constexpr uint8_t kDataType = 23;
constexpr uint8_t kWarning = 1;
constexpr uint8_t kFatal = 2;

// What may come one behind the other without data, which costs us work and the peer next to none.
constexpr uint8_t kIdleRecordsMax = 32;
// AES-GCM is good for some 24 million full records with one key (RFC 8446 section 5.5).
constexpr uint64_t kRecordsPerKeyMax = 1 << 23;

using Nonce = std::array<uint8_t, TlsTrafficKeys::kIvBytes>;

const EVP_CIPHER* CipherOf(TlsAead aead) {
  switch (aead) {
    case TlsAead::kAes128Gcm:
      return EVP_aes_128_gcm();
    case TlsAead::kAes256Gcm:
      return EVP_aes_256_gcm();
    case TlsAead::kChacha20Poly1305:
      return EVP_chacha20_poly1305();
  }
  RMQ_CHECK(false);
}

void PutSequence(uint64_t sequence, uint8_t* target) {
  for (size_t i = 0; i < sizeof(sequence); ++i) {
    target[i] = static_cast<uint8_t>(sequence >> (56 - 8 * i));
  }
}

// Of ciphers whose nonce does not travel (RFC 8446 section 5.3, RFC 7905 section 2).
Nonce MixedNonce(const TlsTrafficKeys& keys) {
  Nonce nonce = keys.iv;
  std::array<uint8_t, sizeof(keys.sequence)> sequence;  // NOLINT: written at once.
  PutSequence(keys.sequence, sequence.data());
  for (size_t i = 0; i < sequence.size(); ++i) nonce[nonce.size() - 8 + i] ^= sequence[i];
  return nonce;
}

Nonce SaltedNonce(const TlsTrafficKeys& keys, std::span<const uint8_t> explicit_part) {
  Nonce nonce = keys.iv;
  std::ranges::copy(explicit_part, nonce.end() - kExplicitNonceBytes);
  return nonce;
}

// What is authenticated besides the text: the header; before TLS 1.3 number, type, version and the
// text's length.
struct Extra {
  std::array<uint8_t, 13> bytes = {};
  size_t size_bytes = 0;
};

Extra ExtraOf(const TlsKeys& keys, const TlsTrafficKeys& direction, std::span<const uint8_t> header,
              size_t text_bytes) {
  Extra extra;
  if (keys.is_13) {
    std::ranges::copy(header, extra.bytes.begin());
    extra.size_bytes = header.size();
    return extra;
  }
  PutSequence(direction.sequence, extra.bytes.data());
  std::ranges::copy(header.first(3), extra.bytes.begin() + 8);
  extra.bytes[11] = static_cast<uint8_t>(text_bytes >> 8);
  extra.bytes[12] = static_cast<uint8_t>(text_bytes);
  extra.size_bytes = extra.bytes.size();
  return extra;
}

void Update(EVP_CIPHER_CTX* cipher, uint8_t* out, std::span<const uint8_t> in) {
  int size = 0;
  const int done = EVP_CipherUpdate(cipher, out, &size, in.data(), static_cast<int>(in.size()));
  RMQ_CHECK(done == 1);
}

void UseKey(EVP_CIPHER_CTX* cipher, const EVP_CIPHER* kind, const TlsTrafficKeys& keys, int seals) {
  const int done = EVP_CipherInit_ex(cipher, kind, nullptr, keys.key.data(), nullptr, seals);
  RMQ_CHECK(done == 1);
}

size_t LengthIn(std::span<const uint8_t> header) { return size_t{header[3]} << 8 | header[4]; }

const char* PeerOf(TlsRole role) { return role == TlsRole::kServer ? "client" : "server"; }

}  // namespace

TlsRecords::TlsRecords(TlsRole role, const TlsKeys& keys)
    : role_(role), keys_(keys), tx_(EVP_CIPHER_CTX_new()), rx_(EVP_CIPHER_CTX_new()) {
  RMQ_CHECK(tx_ != nullptr);
  RMQ_CHECK(rx_ != nullptr);
  UseKey(tx_.get(), CipherOf(keys_.aead), keys_.tx, 1);
  UseKey(rx_.get(), CipherOf(keys_.aead), keys_.rx, 0);
}

size_t TlsRecords::missing_bytes() const {
  if (partial_.empty()) return 0;
  if (partial_.size() < kHeaderBytes) return kHeaderBytes - partial_.size();
  return kHeaderBytes + LengthIn(partial_) - partial_.size();
}

void TlsRecords::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  // Ends: each turn takes something from the input.
  while (!input.empty() && state_ == LayerState::kOpen) {
    std::span<const uint8_t> record;
    if (!TakeRecord(input, record, down)) continue;
    OnRecord(record, up, down);
    partial_ = {};  // An idle connection owns none.
  }
  if (state_ != LayerState::kOpen) partial_ = {};
}

// Takes the next whole record, in place where it is in one piece. False: there is none, and what
// there is of it is in `partial_`, or it cannot become one.
bool TlsRecords::TakeRecord(std::span<const uint8_t>& input, std::span<const uint8_t>& record,
                            ByteSink& down) {
  if (partial_.empty() && input.size() >= kHeaderBytes) {
    if (!HeaderIsGood(input.first(kHeaderBytes), down)) return false;
    const size_t size_bytes = kHeaderBytes + LengthIn(input);
    if (input.size() >= size_bytes) {
      record = input.first(size_bytes);
      input = input.subspan(size_bytes);
      return true;
    }
  }
  const size_t wanted = partial_.empty() ? kHeaderBytes : missing_bytes();
  const size_t count = std::min(wanted, input.size());
  partial_.insert(partial_.end(), input.begin(), input.begin() + static_cast<ptrdiff_t>(count));
  input = input.subspan(count);
  if (partial_.size() == kHeaderBytes && !HeaderIsGood(partial_, down)) return false;
  if (missing_bytes() > 0) return false;
  record = partial_;
  return true;
}

bool TlsRecords::HeaderIsGood(std::span<const uint8_t> header, ByteSink& down) {
  // So much may a peer pad or, before TLS 1.3, expand.
  const size_t expansion_max = keys_.is_13 ? 256 : 2048;
  const size_t nonce_bytes = keys_.has_explicit_nonce() ? kExplicitNonceBytes : 0;
  const size_t length = LengthIn(header);
  const bool type_is_good =
      keys_.is_13 ? header[0] == kDataType : header[0] >= kAlertType && header[0] <= kDataType;
  if (!type_is_good) {
    // Also a change_cipher_spec, which is good for nothing after a handshake.
    Fail(Alert::kUnexpectedMessage, "a record of an unexpected kind", down);
  } else if (length > kTextBytesMax + expansion_max) {
    Fail(Alert::kRecordOverflow, "a record that is too long", down);
  } else if (length < nonce_bytes + kTagBytes) {
    Fail(Alert::kDecodeError, "a record that is too short", down);
  }
  return state_ == LayerState::kOpen;
}

void TlsRecords::OnRecord(std::span<const uint8_t> record, ByteSink& up, ByteSink& down) {
  const size_t nonce_bytes = keys_.has_explicit_nonce() ? kExplicitNonceBytes : 0;
  const size_t text_bytes = record.size() - kHeaderBytes - nonce_bytes - kTagBytes;
  std::array<uint8_t, kTextBytesMax + 1> memory;  // NOLINT: written before it is read.
  // In TLS 1.3 the text ends with its type and zeros.
  if (text_bytes > kTextBytesMax + (keys_.is_13 ? 1 : 0)) {
    Fail(Alert::kRecordOverflow, "a record that is too long", down);
    return;
  }
  std::span<uint8_t> text = std::span(memory).first(text_bytes);
  if (!Open(record, text)) {
    Fail(Alert::kBadRecordMac, "damaged record", down);
    return;
  }
  ++keys_.rx.sequence;
  uint8_t type = record[0];
  if (keys_.is_13) {
    while (!text.empty() && text.back() == 0) text = text.first(text.size() - 1);
    if (text.empty()) {
      Fail(Alert::kUnexpectedMessage, "a record without a type", down);
      return;
    }
    type = text.back();
    text = text.first(text.size() - 1);
  }
  OnContent(type, text, up, down);
}

void TlsRecords::OnContent(uint8_t type, std::span<const uint8_t> content, ByteSink& up,
                           ByteSink& down) {
  if (type == kDataType && !content.empty()) {
    idle_records_ = 0;
    up.Append(content);
    return;
  }
  if (++idle_records_ > kIdleRecordsMax) {
    Fail(Alert::kUnexpectedMessage, "too many records without data", down);
    return;
  }
  if (type == kDataType) return;
  if (type == kAlertType) {
    OnAlert(content, down);
  } else if (type == kHandshakeType) {
    OnHandshake(content, down);
  } else {
    Fail(Alert::kUnexpectedMessage, "a record of an unexpected kind", down);
  }
}

void TlsRecords::OnAlert(std::span<const uint8_t> content, ByteSink& down) {
  TlsAlert alert = TlsReadAlert(role_, keys_.is_13 ? TlsVersion::k13 : TlsVersion::k12, content);
  switch (alert.kind) {
    case TlsAlert::Kind::kGoodbye:
      Close(down);  // Answers; RFC 5246 section 7.2.1.
      return;
    case TlsAlert::Kind::kNothing:
      return;
    case TlsAlert::Kind::kEnd:
      state_ = LayerState::kFailed;
      error_ = std::move(alert.reason);
      return;
    case TlsAlert::Kind::kDamaged:
      Fail(Alert::kDecodeError, std::move(alert.reason), down);
      return;
  }
  RMQ_CHECK(false);
}

void TlsRecords::OnHandshake(std::span<const uint8_t> content, ByteSink& down) {
  const uint8_t first = content.empty() ? uint8_t{0} : content[0];
  if (keys_.is_13 && first == SSL3_MT_KEY_UPDATE) {
    OnKeyUpdate(content, down);
  } else if (keys_.is_13 && role_ == TlsRole::kClient && first == SSL3_MT_NEWSESSION_TICKET) {
    OnTickets(content, down);
  } else if (!keys_.is_13 && role_ == TlsRole::kClient && first == SSL3_MT_HELLO_REQUEST) {
    return;  // May be ignored: RFC 5246 section 7.4.1.1.
  } else {
    Fail(Alert::kUnexpectedMessage, std::string(PeerOf(role_)) + " begins another handshake", down);
  }
}

// RFC 8446 section 4.6.3. The keys change at the record's end, so nothing may follow in it.
void TlsRecords::OnKeyUpdate(std::span<const uint8_t> message, ByteSink& down) {
  constexpr std::array<uint8_t, 4> kHead = {SSL3_MT_KEY_UPDATE, 0, 0, 1};
  if (message.size() != kHead.size() + 1 || !std::ranges::equal(message.first(4), kHead)) {
    Fail(Alert::kDecodeError, "damaged KeyUpdate", down);
    return;
  }
  if (message[4] > SSL_KEY_UPDATE_REQUESTED) {
    Fail(Alert::kIllegalParameter, "damaged KeyUpdate", down);
    return;
  }
  UpdateTlsKeys(keys_.aead, keys_.rx);
  UseKey(rx_.get(), nullptr, keys_.rx, 0);
  if (message[4] == SSL_KEY_UPDATE_REQUESTED) UpdateSendingKeys(down);
}

// Nobody here resumes: who wants tickets stays with OpenSSL.
void TlsRecords::OnTickets(std::span<const uint8_t> messages, ByteSink& down) {
  constexpr size_t kHeadBytes = 4;
  while (!messages.empty()) {
    if (messages.size() < kHeadBytes || messages[0] != SSL3_MT_NEWSESSION_TICKET) {
      Fail(Alert::kDecodeError, "damaged session ticket", down);
      return;
    }
    const size_t size = size_t{messages[1]} << 16 | size_t{messages[2]} << 8 | messages[3];
    // The rest may be in the next record; but nobody makes tickets of 16 KB.
    if (size > messages.size() - kHeadBytes) {
      Fail(Alert::kDecodeError, "session ticket in several records", down);
      return;
    }
    messages = messages.subspan(kHeadBytes + size);
  }
}

bool TlsRecords::Open(std::span<const uint8_t> record, std::span<uint8_t> text) {
  const std::span<const uint8_t> header = record.first(kHeaderBytes);
  std::span<const uint8_t> body = record.subspan(kHeaderBytes);
  Nonce nonce;  // NOLINT: written at once.
  if (keys_.has_explicit_nonce()) {
    nonce = SaltedNonce(keys_.rx, body.first(kExplicitNonceBytes));
    body = body.subspan(kExplicitNonceBytes);
  } else {
    nonce = MixedNonce(keys_.rx);
  }
  const Extra extra = ExtraOf(keys_, keys_.rx, header, text.size());
  EVP_CIPHER_CTX* const cipher = rx_.get();
  int done = EVP_DecryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data());
  RMQ_CHECK(done == 1);
  done = EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                             const_cast<uint8_t*>(body.last(kTagBytes).data()));
  RMQ_CHECK(done == 1);
  Update(cipher, nullptr, std::span(extra.bytes).first(extra.size_bytes));
  if (!text.empty()) Update(cipher, text.data(), body.first(text.size()));
  std::array<uint8_t, kTagBytes> rest;  // NOLINT: nothing is left to write.
  int rest_bytes = 0;
  return EVP_DecryptFinal_ex(cipher, rest.data(), &rest_bytes) == 1;
}

void TlsRecords::Send(std::span<const uint8_t> text, ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  while (!text.empty()) {
    if (keys_.is_13 && keys_.tx.sequence >= kRecordsPerKeyMax) UpdateSendingKeys(down);
    const size_t count = std::min(text.size(), kTextBytesMax);
    Seal(kDataType, text.first(count), down);
    text = text.subspan(count);
  }
}

void TlsRecords::Seal(uint8_t type, std::span<const uint8_t> content, ByteSink& down) {
  RMQ_CHECK(content.size() <= kTextBytesMax);
  const size_t nonce_bytes = keys_.has_explicit_nonce() ? kExplicitNonceBytes : 0;
  const size_t type_bytes = keys_.is_13 ? 1 : 0;
  const size_t body_bytes = nonce_bytes + content.size() + type_bytes + kTagBytes;
  uint8_t* const record = down.Append(kHeaderBytes + body_bytes);
  record[0] = keys_.is_13 ? kDataType : type;
  record[1] = record[2] = 3;
  record[3] = static_cast<uint8_t>(body_bytes >> 8);
  record[4] = static_cast<uint8_t>(body_bytes);
  uint8_t* out = record + kHeaderBytes;
  Nonce nonce;  // NOLINT: written at once.
  if (nonce_bytes > 0) {
    // Any number will do that does not come twice: OpenSSL began its few records at a random one.
    PutSequence(keys_.tx.sequence, out);
    nonce = SaltedNonce(keys_.tx, {out, nonce_bytes});
    out += nonce_bytes;
  } else {
    nonce = MixedNonce(keys_.tx);
  }
  const Extra extra = ExtraOf(keys_, keys_.tx, {record, kHeaderBytes}, content.size());
  EVP_CIPHER_CTX* const cipher = tx_.get();
  int done = EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data());
  RMQ_CHECK(done == 1);
  Update(cipher, nullptr, std::span(extra.bytes).first(extra.size_bytes));
  if (!content.empty()) Update(cipher, out, content);
  out += content.size();
  if (type_bytes > 0) Update(cipher, out, {&type, type_bytes});
  out += type_bytes;
  int rest_bytes = 0;
  done = EVP_EncryptFinal_ex(cipher, out, &rest_bytes);
  RMQ_CHECK(done == 1 && rest_bytes == 0);
  done = EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out);
  RMQ_CHECK(done == 1);
  ++keys_.tx.sequence;
}

void TlsRecords::UpdateSendingKeys(ByteSink& down) {
  constexpr std::array<uint8_t, 5> kMessage = {SSL3_MT_KEY_UPDATE, 0, 0, 1,
                                               SSL_KEY_UPDATE_NOT_REQUESTED};
  Seal(kHandshakeType, kMessage, down);
  UpdateTlsKeys(keys_.aead, keys_.tx);
  UseKey(tx_.get(), nullptr, keys_.tx, 1);
}

void TlsRecords::Close(ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  Seal(kAlertType, std::array{kWarning, static_cast<uint8_t>(Alert::kCloseNotify)}, down);
  state_ = LayerState::kEnded;
}

void TlsRecords::Fail(Alert alert, std::string why, ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  Seal(kAlertType, std::array{kFatal, static_cast<uint8_t>(alert)}, down);
  state_ = LayerState::kFailed;
  error_ = std::move(why);
}

}  // namespace ringmq::transport
