// One salted password hash as mosquitto_passwd writes it:
//
//   $6$<salt>$<digest>               digest = SHA-512(password salt)
//   $7$<iterations>$<salt>$<digest>  digest = PBKDF2-HMAC-SHA512(password, salt, iterations)
//
// salt and digest are base64, the digest of 64 bytes. Checking one is slow on purpose: never do
// it on a shard's thread (auth_worker.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "broker/limits.h"

namespace ringmq::broker {

class PasswordHash {
 public:
  // The error says what was expected, never what was found: it would put secrets in a log.
  [[nodiscard]] static absl::StatusOr<PasswordHash> Parse(std::string_view text);

  // Hashes a password. Requires: `salt` of 1 to kPasswordSaltBytesMax bytes, iterations within
  // kPbkdf2IterationsMin and ...Max. Fails only if OpenSSL does.
  [[nodiscard]] static absl::StatusOr<PasswordHash> Make(std::string_view password,
                                                         std::string_view salt,
                                                         uint32_t iterations);

  // Takes the time the hash was made to take, whatever the password. False too if OpenSSL fails.
  [[nodiscard]] bool Matches(std::string_view password) const;

  [[nodiscard]] std::string ToString() const;

 private:
  using Digest = std::array<uint8_t, kPasswordDigestBytes>;
  enum class Kind : uint8_t { kSha512 = 6, kPbkdf2 = 7 };

  PasswordHash() = default;

  [[nodiscard]] bool Compute(std::string_view password, Digest& digest) const;

  Kind kind_ = Kind::kPbkdf2;
  uint32_t iterations_ = 0;  // kPbkdf2 only.
  std::string salt_;         // Decoded.
  Digest digest_ = {};
};

// 12 random bytes, as many as mosquitto_passwd takes. The error is OpenSSL's random generator
// failing.
[[nodiscard]] absl::StatusOr<std::string> RandomSalt();

}  // namespace ringmq::broker
