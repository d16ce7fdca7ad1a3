// SPDX-License-Identifier: Apache-2.0
#include "broker/auth.h"

#include <openssl/crypto.h>

namespace ringmq::broker {

AuthVerdict DirectAuthenticator::Start(uint32_t, AuthRequest request) {
  return CheckPassword(passwords_, request);
}

void DirectAuthenticator::Drain(uint32_t, std::vector<AuthResult>&) {}

void DirectAuthenticator::ReplacePasswords(PasswordTable passwords) {
  passwords_ = std::move(passwords);
}

AuthVerdict CheckPassword(const PasswordTable& passwords, AuthRequest& request) {
  const bool is_match = passwords.Matches(request.username, request.password);
  OPENSSL_cleanse(request.password.data(), request.password.size());
  return is_match ? AuthVerdict::kAllow : AuthVerdict::kDeny;
}

}  // namespace ringmq::broker
