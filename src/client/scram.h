// The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.
//
//   client: n,,n=user,r=nonce                                  client-first-message
//   server: r=nonce+server's,s=salt,i=iterations               server-first-message
//   client: c=biws,r=nonce+server's,p=proof                    client-final-message
//   server: v=signature                                        server-final-message
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ringmq/authenticator.h"

namespace ringmq::client {

class ScramSha256 final : public Authenticator {
 public:
  // A server that asks for fewer gives the password away; one that asks for more stops us.
  static constexpr uint32_t kIterationsMin = 4096;
  static constexpr uint32_t kIterationsMax = 1'000'000;

  // `nonce` for tests; empty: a new one for each exchange.
  ScramSha256(std::string username, std::string password, std::string nonce = {});

  [[nodiscard]] std::string_view method() const override { return "SCRAM-SHA-256"; }
  Expected<std::string> Start() override;
  Expected<std::string> Continue(std::string_view server_data) override;
  Expected<void> Finish(std::string_view server_data) override;

 private:
  const std::string username_;  // With "," and "=" escaped.
  const std::string password_;
  const std::string fixed_nonce_;
  std::string nonce_;
  std::string first_bare_;
  std::string expected_signature_;  // Empty: none is due.
};

}  // namespace ringmq::client
