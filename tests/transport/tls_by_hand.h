// TLS records made and opened by hand, from keys as the kernel takes them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <utility>

#include "transport/tls_kernel_keys.h"
#include "transport/tls_options.h"

namespace ringmq::transport {

// Every cipher that moves from OpenSSL.
struct TlsCase {
  TlsVersion version;
  const char* cipher;
};

inline constexpr TlsCase kTlsCases[] = {
    {TlsVersion::k12, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TlsVersion::k12, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TlsVersion::k12, "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {TlsVersion::k13, "TLS_AES_128_GCM_SHA256"},
    {TlsVersion::k13, "TLS_AES_256_GCM_SHA384"},
    {TlsVersion::k13, "TLS_CHACHA20_POLY1305_SHA256"},
};

inline constexpr size_t kHeaderBytes = 5;
inline constexpr size_t kTagBytes = 16;

// The parts of a crypto info, whatever its cipher.
struct TlsParts {
  const EVP_CIPHER* cipher;
  std::string key;
  std::string salt;
  std::string iv;
  uint64_t sequence = 0;
  bool is_13 = false;
  bool explicit_nonce = false;  // TLS 1.2 with AES-GCM.
};

template <size_t kSize>
inline std::string ToString(const unsigned char (&bytes)[kSize]) {
  return {reinterpret_cast<const char*>(bytes), kSize};
}

inline TlsParts PartsOf(const KernelCryptoInfo& info) {
  TlsParts parts{};
  std::visit(
      [&](const auto& filled) {
        parts.key = ToString(filled.key);
        parts.iv = ToString(filled.iv);
        for (const unsigned char byte : filled.rec_seq) parts.sequence = parts.sequence << 8 | byte;
        parts.is_13 = filled.info.version == TLS_1_3_VERSION;
        if constexpr (sizeof(filled.iv) == 8) {
          parts.salt = ToString(filled.salt);
          parts.explicit_nonce = !parts.is_13;
          parts.cipher = sizeof(filled.key) == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
        } else {
          parts.cipher = EVP_chacha20_poly1305();
        }
      },
      info);
  return parts;
}

inline std::string BigEndian(uint64_t number, size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  for (size_t i = 0; i < size_bytes && i < 8; ++i) {
    bytes[size_bytes - 1 - i] = static_cast<char>(number >> (8 * i));
  }
  return bytes;
}

inline std::string NonceOf(const TlsParts& parts, const std::string& explicit_part) {
  if (parts.explicit_nonce) return parts.salt + explicit_part;
  std::string nonce = parts.salt + parts.iv;
  const std::string sequence = BigEndian(parts.sequence, nonce.size());
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<char>(nonce[i] ^ sequence[i]);
  return nonce;
}

// Seals or opens; empty if the tag is wrong.
inline std::string Run(const TlsParts& parts, const std::string& nonce, const std::string& extra,
                       std::string text, bool sealing) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const auto data = [](const std::string& s) {
    return reinterpret_cast<const unsigned char*>(s.data());
  };
  std::string tag(kTagBytes, '\0');
  if (!sealing) {
    tag = text.substr(text.size() - kTagBytes);
    text.resize(text.size() - kTagBytes);
  }
  int size = 0;
  std::string out(text.size(), '\0');
  auto* const target = reinterpret_cast<unsigned char*>(out.data());
  EVP_CipherInit_ex(context, parts.cipher, nullptr, data(parts.key), data(nonce), sealing ? 1 : 0);
  if (!sealing) EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data());
  EVP_CipherUpdate(context, nullptr, &size, data(extra), static_cast<int>(extra.size()));
  EVP_CipherUpdate(context, target, &size, data(text), static_cast<int>(text.size()));
  const bool good = EVP_CipherFinal_ex(context, target + size, &size) == 1;
  if (sealing) EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag.data());
  EVP_CIPHER_CTX_free(context);
  if (!good) return {};
  return sealing ? out + tag : out;
}

inline std::string HeaderOf(size_t size_bytes) {
  return std::string("\x17\x03\x03", 3) + BigEndian(size_bytes, 2);
}

inline std::string ExtraOf(const TlsParts& parts, const std::string& header, size_t text_bytes) {
  if (parts.is_13) return header;
  return BigEndian(parts.sequence, 8) + header.substr(0, 3) + BigEndian(text_bytes, 2);
}

// One record, opened with keys as the kernel would use them.
inline std::string Open(const KernelCryptoInfo& info, const std::string& record) {
  const TlsParts parts = PartsOf(info);
  const size_t explicit_bytes = parts.explicit_nonce ? 8 : 0;
  const std::string nonce = NonceOf(parts, record.substr(kHeaderBytes, explicit_bytes));
  const std::string sealed = record.substr(kHeaderBytes + explicit_bytes);
  std::string text =
      Run(parts, nonce, ExtraOf(parts, record.substr(0, kHeaderBytes), sealed.size() - kTagBytes),
          sealed, false);
  if (parts.is_13 && !text.empty()) {
    EXPECT_EQ(text.back(), '\x17');
    text.pop_back();
  }
  return text;
}

// `type` is that of the content; `text` may already hold the zeros of TLS 1.3 behind it.
inline std::string Seal(const KernelCryptoInfo& info, std::string text, char type = '\x17') {
  const TlsParts parts = PartsOf(info);
  if (parts.is_13) text.push_back(type);
  const std::string explicit_part = parts.explicit_nonce ? parts.iv : "";
  std::string header = HeaderOf(explicit_part.size() + text.size() + kTagBytes);
  if (!parts.is_13) header[0] = type;
  return header + explicit_part +
         Run(parts, NonceOf(parts, explicit_part), ExtraOf(parts, header, text.size()), text, true);
}

}  // namespace ringmq::transport
