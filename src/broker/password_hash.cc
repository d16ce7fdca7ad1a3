// SPDX-License-Identifier: Apache-2.0
#include "broker/password_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "base/check.h"

namespace ringmq::broker {
namespace {

constexpr size_t kSaltBytes = 12;

absl::Status Malformed(std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("expected a hash \"$6$SALT$HASH\" or \"$7$ITERATIONS$SALT$HASH\": {}", expected));
}

// Strict: abseil skips blanks and accepts missing padding, so encode again and compare.
bool DecodeBase64(std::string_view text, std::string& out) {
  const absl::string_view input(text.data(), text.size());
  if (!absl::Base64Unescape(input, &out)) return false;
  return absl::Base64Escape(absl::string_view(out.data(), out.size())) == input;
}

std::string EncodeBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

// Cuts the part before the next '$' off `rest`.
std::string_view TakePart(std::string_view& rest) {
  const size_t end = rest.find('$');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

bool ParseIterations(std::string_view text, uint32_t& iterations) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, iterations);
  return error == std::errc() && rest == end && iterations >= kPbkdf2IterationsMin &&
         iterations <= kPbkdf2IterationsMax;
}

bool Sha512(std::string_view first, std::string_view second, uint8_t* digest) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  return context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha512(), nullptr) == 1 &&
         EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
         EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
         EVP_DigestFinal_ex(context.get(), digest, nullptr) == 1;
}

}  // namespace

absl::StatusOr<PasswordHash> PasswordHash::Parse(std::string_view text) {
  PasswordHash hash;
  std::string_view rest = text;
  if (!TakePart(rest).empty()) return Malformed("it begins with \"$\"");
  const std::string_view kind = TakePart(rest);
  if (kind == "6") {
    hash.kind_ = Kind::kSha512;
  } else if (kind != "7") {
    return Malformed("the kind is 6 or 7");
  } else if (!ParseIterations(TakePart(rest), hash.iterations_)) {
    return Malformed(
        fmt::format("ITERATIONS is {} to {}", kPbkdf2IterationsMin, kPbkdf2IterationsMax));
  }
  if (!DecodeBase64(TakePart(rest), hash.salt_) || hash.salt_.empty() ||
      hash.salt_.size() > kPasswordSaltBytesMax) {
    return Malformed(fmt::format("SALT is base64 of 1 to {} bytes", kPasswordSaltBytesMax));
  }
  std::string digest;
  if (!DecodeBase64(rest, digest) || digest.size() != hash.digest_.size()) {
    return Malformed(fmt::format("HASH is base64 of {} bytes", kPasswordDigestBytes));
  }
  std::copy(digest.begin(), digest.end(), hash.digest_.begin());
  return hash;
}

absl::StatusOr<PasswordHash> PasswordHash::Make(std::string_view password, std::string_view salt,
                                                uint32_t iterations) {
  RMQ_CHECK(!salt.empty());
  RMQ_CHECK(salt.size() <= kPasswordSaltBytesMax);
  RMQ_CHECK(iterations >= kPbkdf2IterationsMin);
  RMQ_CHECK(iterations <= kPbkdf2IterationsMax);
  PasswordHash hash;
  hash.iterations_ = iterations;
  hash.salt_ = salt;
  if (!hash.Compute(password, hash.digest_)) {
    return absl::InternalError("OpenSSL cannot compute PBKDF2-HMAC-SHA512");
  }
  return hash;
}

bool PasswordHash::Matches(std::string_view password) const {
  Digest digest = {};
  if (!Compute(password, digest)) return false;
  // In constant time, or the digest could be guessed byte by byte.
  return CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

bool PasswordHash::Compute(std::string_view password, Digest& digest) const {
  switch (kind_) {
    case Kind::kSha512:
      return Sha512(password, salt_, digest.data());
    case Kind::kPbkdf2:
      break;
  }
  // An MQTT password has at most 65,535 bytes; the cast is for callers that forget.
  if (password.size() > kMqttStringBytesMax) return false;
  // A view without data would make OpenSSL measure a C string that is not there.
  const char* const data = password.empty() ? "" : password.data();
  return PKCS5_PBKDF2_HMAC(data, static_cast<int>(password.size()),
                           reinterpret_cast<const unsigned char*>(salt_.data()),
                           static_cast<int>(salt_.size()), static_cast<int>(iterations_),
                           EVP_sha512(), static_cast<int>(digest.size()), digest.data()) == 1;
}

std::string PasswordHash::ToString() const {
  const std::string digest(digest_.begin(), digest_.end());
  const std::string tail = fmt::format("{}${}", EncodeBase64(salt_), EncodeBase64(digest));
  if (kind_ == Kind::kSha512) return "$6$" + tail;
  return fmt::format("$7${}${}", iterations_, tail);
}

absl::StatusOr<std::string> RandomSalt() {
  unsigned char bytes[kSaltBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
    return absl::InternalError("OpenSSL has no random numbers");
  }
  return std::string(bytes, bytes + sizeof(bytes));
}

}  // namespace ringmq::broker
