// Enhanced authentication of MQTT 5.0 (s4.12), the client's side.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ringmq/expected.h"

namespace ringmq {

// Called on the loop's thread; must not block. One exchange at a time: Start() begins each of them,
// at CONNECT and at re-authentication.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // 5.0 s3.1.2.11.9. Constant.
  [[nodiscard]] virtual std::string_view method() const = 0;
  // What goes with CONNECT or the first AUTH. An error ends the attempt.
  virtual Expected<std::string> Start() = 0;
  // Answers the server's AUTH with reason "continue". An error ends the connection.
  virtual Expected<std::string> Continue(std::string_view server_data) = 0;
  // What came with success. An error (the server could not prove itself) ends the connection.
  virtual Expected<void> Finish(std::string_view server_data) = 0;
};

// RFC 5802 and 7677; the method's name is "SCRAM-SHA-256". The name and the password are prepared
// by the caller (SASLprep) if they are not ASCII.
[[nodiscard]] std::unique_ptr<Authenticator> MakeScramSha256(std::string username,
                                                             std::string password);

}  // namespace ringmq
