// The record layer of TLS: what comes of its input does not depend on how it is cut, nothing is
// given out that was not sealed, and nothing more is held than a record.
//
// The first byte: how large the pieces are. The second: 0, the rest is received as it is; else the
// rest is records of one byte for the type, one for the length, and the content, which are sealed
// as a peer would who has the keys.
//
// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "transport/byte_vector.h"
#include "transport/tls_records.h"

namespace {

using namespace ringmq::transport;  // NOLINT: short.

constexpr size_t kTagBytes = 16;
constexpr size_t kRecordBytesMax = 5 + (1 << 14) + 256;

// The keys of anybody: what matters is that both ends have the same.
TlsKeys SomeKeys() {
  TlsKeys keys;
  keys.is_13 = true;
  keys.rx.key.fill(0x11);
  keys.rx.iv.fill(0x22);
  keys.rx.secret.size_bytes = 32;
  keys.tx.secret.size_bytes = 32;
  return keys;
}

void Seal(const TlsTrafficKeys& keys, uint64_t sequence, std::span<const uint8_t> content,
          uint8_t type, std::vector<uint8_t>& out) {
  std::vector<uint8_t> text(content.begin(), content.end());
  text.push_back(type);
  const size_t body_bytes = text.size() + kTagBytes;
  const std::array<uint8_t, 5> header = {23, 3, 3, static_cast<uint8_t>(body_bytes >> 8),
                                         static_cast<uint8_t>(body_bytes)};
  std::array<uint8_t, TlsTrafficKeys::kIvBytes> nonce = keys.iv;
  for (size_t i = 0; i < 8; ++i) nonce[4 + i] ^= static_cast<uint8_t>(sequence >> (56 - 8 * i));
  out.insert(out.end(), header.begin(), header.end());
  const size_t at = out.size();
  out.resize(at + body_bytes);
  EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
  int size = 0;
  EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, keys.key.data(), nonce.data());
  EVP_EncryptUpdate(cipher, nullptr, &size, header.data(), static_cast<int>(header.size()));
  EVP_EncryptUpdate(cipher, out.data() + at, &size, text.data(), static_cast<int>(text.size()));
  EVP_EncryptFinal_ex(cipher, out.data() + at + text.size(), &size);
  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out.data() + at + text.size());
  EVP_CIPHER_CTX_free(cipher);
}

// After a KeyUpdate the peer's records are sealed with keys that are forgotten here, so that they
// count as damaged: that is fine.
std::vector<uint8_t> Records(std::span<const uint8_t> input) {
  const TlsKeys keys = SomeKeys();
  std::vector<uint8_t> records;
  for (uint64_t sequence = 0; input.size() >= 2; ++sequence) {
    const size_t size = std::min<size_t>(input[1], input.size() - 2);
    Seal(keys.rx, sequence, input.subspan(2, size), input[0], records);
    input = input.subspan(2 + size);
  }
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = 1 + data[0];
  const std::span<const uint8_t> rest(data + 2, size - 2);
  const std::vector<uint8_t> input =
      data[1] == 0 ? std::vector<uint8_t>(rest.begin(), rest.end()) : Records(rest);
  for (const TlsRole role : {TlsRole::kServer, TlsRole::kClient}) {
    TlsRecords whole(role, SomeKeys());
    TlsRecords cut(role, SomeKeys());
    ByteVector whole_up, whole_down, cut_up, cut_down;
    whole.Receive(input, whole_up, whole_down);
    for (size_t at = 0; at < input.size(); at += piece) {
      cut.Receive(std::span(input).subspan(at, std::min(piece, input.size() - at)), cut_up,
                  cut_down);
      RMQ_CHECK(cut.missing_bytes() <= kRecordBytesMax);
    }
    RMQ_CHECK(whole.state() == cut.state());
    RMQ_CHECK(whole.error() == cut.error());
    RMQ_CHECK(std::ranges::equal(whole_up.bytes(), cut_up.bytes()));
    RMQ_CHECK(std::ranges::equal(whole_down.bytes(), cut_down.bytes()));
    RMQ_CHECK(whole_up.bytes().size() <= rest.size());
    RMQ_CHECK(data[1] != 0 || whole_up.empty());  // Nobody guesses a tag.
  }
  return 0;
}
