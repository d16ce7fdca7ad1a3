// SPDX-License-Identifier: Apache-2.0
#include "client/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"

namespace ringmq::client {
namespace {

constexpr size_t kHashBytes = 32;
constexpr size_t kNonceBytes = 24;
using Hash = std::array<uint8_t, kHashBytes>;

Error Refuse(std::string why) {
  return Error(Errc::kAuthenticationFailed, "SCRAM-SHA-256: " + why).WithPhase(Phase::kHandshake);
}

const uint8_t* Data(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

Hash Hmac(std::string_view key, std::string_view text) {
  Hash hash{};
  unsigned size = kHashBytes;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Data(text), text.size(), hash.data(),
       &size);
  return hash;
}

std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Hash Sha256(std::string_view text) {
  Hash hash{};
  unsigned size = kHashBytes;
  EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(), nullptr);
  return hash;
}

// RFC 5802 section 5.1: "," and "=" in names.
std::string Escape(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (c == ',') {
      escaped += "=2C";
    } else if (c == '=') {
      escaped += "=3D";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

// The value of "name=value" at the front of a list divided by commas; takes it off.
bool TakeField(std::string_view& list, char name, std::string_view& value) {
  if (list.size() < 2 || list[0] != name || list[1] != '=') return false;
  const size_t comma = std::min(list.find(','), list.size());
  value = list.substr(2, comma - 2);
  list.remove_prefix(std::min(comma + 1, list.size()));
  return true;
}

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

ScramSha256::ScramSha256(std::string username, std::string password, std::string nonce)
    : username_(Escape(username)), password_(std::move(password)), fixed_nonce_(std::move(nonce)) {}

Expected<std::string> ScramSha256::Start() {
  nonce_ = fixed_nonce_;
  if (nonce_.empty()) {
    std::array<uint8_t, kNonceBytes> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
      return Refuse("no random numbers");
    }
    nonce_ = absl::Base64Escape({reinterpret_cast<const char*>(random.data()), random.size()});
  }
  expected_signature_.clear();
  first_bare_ = "n=" + username_ + ",r=" + nonce_;
  return "n,," + first_bare_;
}

Expected<std::string> ScramSha256::Continue(std::string_view server_data) {
  std::string_view rest = server_data;
  std::string_view nonce;
  std::string_view salt_text;
  std::string_view iterations_text;
  if (first_bare_.empty() || !TakeField(rest, 'r', nonce) || !TakeField(rest, 's', salt_text) ||
      !TakeField(rest, 'i', iterations_text)) {
    return Refuse("the server's first message is malformed");
  }
  if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size()) {
    return Refuse("the server does not go on from our nonce");
  }
  std::string salt;
  if (!absl::Base64Unescape(ToAbsl(salt_text), &salt) || salt.empty()) {
    return Refuse("the salt is not base64");
  }
  uint32_t iterations = 0;
  const auto [end, error] = std::from_chars(
      iterations_text.data(), iterations_text.data() + iterations_text.size(), iterations);
  const bool is_number =
      error == std::errc{} && end == iterations_text.data() + iterations_text.size();
  if (!is_number || iterations < kIterationsMin || iterations > kIterationsMax) {
    return Refuse("an iteration count of '" + std::string(iterations_text) +
                  "'; 4096 to 1000000 are accepted");
  }
  Hash salted{};
  PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), Data(salt),
                    static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                    kHashBytes, salted.data());
  const std::string final_bare = "c=biws,r=" + std::string(nonce);
  const std::string message =
      std::exchange(first_bare_, {}) + "," + std::string(server_data) + "," + final_bare;
  Hash proof = Hmac(View(salted), "Client Key");
  const Hash signature = Hmac(View(Sha256(View(proof))), message);
  for (size_t i = 0; i < kHashBytes; ++i) proof[i] ^= signature[i];
  expected_signature_ = View(Hmac(View(Hmac(View(salted), "Server Key")), message));
  return final_bare + ",p=" + absl::Base64Escape(ToAbsl(View(proof)));
}

Expected<void> ScramSha256::Finish(std::string_view server_data) {
  std::string_view rest = server_data;
  std::string_view value;
  const std::string expected = std::exchange(expected_signature_, {});
  if (TakeField(rest, 'e', value)) return Refuse("the server says '" + std::string(value) + "'");
  std::string signature;
  const bool is_proof = !expected.empty() && TakeField(rest, 'v', value) &&
                        absl::Base64Unescape(ToAbsl(value), &signature) &&
                        signature.size() == expected.size() &&
                        CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  if (!is_proof) return Refuse("the server cannot prove that it knows the password");
  return {};
}

}  // namespace ringmq::client

namespace ringmq {

std::unique_ptr<Authenticator> MakeScramSha256(std::string username, std::string password) {
  return std::make_unique<client::ScramSha256>(std::move(username), std::move(password));
}

}  // namespace ringmq
