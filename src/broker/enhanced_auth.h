// The seam for enhanced authentication: methods such as SCRAM, in which client and server send
// each other AUTH packets until one of them has had enough (5.0 s4.12).
//
// A method is shared and constant; an exchange is one connection's conversation, owned by the
// connection, from CONNECT (or a re-authentication) to success or failure.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringmq::broker {

enum class AuthStepKind : uint8_t {
  kContinue,  // Send AUTH 0x18 with `data` and wait for the client's.
  kSuccess,   // Send CONNACK (or AUTH 0x00 when re-authenticating) with `data`.
  kFail,      // Close, with CONNACK or DISCONNECT 0x87.
};

struct AuthStep {
  AuthStepKind kind = AuthStepKind::kFail;
  std::string data;      // Authentication Data; empty: leave the property out.
  std::string username;  // kSuccess: who the client has proved to be.
};

class AuthExchange {
 public:
  virtual ~AuthExchange() = default;

  // Takes the client's Authentication Data: that of CONNECT first, then of each AUTH. Any bytes
  // are legal to pass. Requires: the last step was kContinue, or this is the first.
  [[nodiscard]] virtual AuthStep Continue(std::string_view data) = 0;
};

class AuthMethod {
 public:
  virtual ~AuthMethod() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // As in Authentication Method.
  [[nodiscard]] virtual std::unique_ptr<AuthExchange> Begin(std::string_view client_id,
                                                            std::string_view username) const = 0;
};

// The methods this broker offers. Constant once shards run; any thread may read it then.
class AuthMethods {
 public:
  // Requires: no method of that name.
  void Add(std::unique_ptr<AuthMethod> method);

  // Null if the method is not offered: CONNACK 0x8C. [MQTT-4.12.0-1]
  [[nodiscard]] std::unique_ptr<AuthExchange> Begin(std::string_view method,
                                                    std::string_view client_id,
                                                    std::string_view username) const;

  [[nodiscard]] bool Offers(std::string_view method) const;

 private:
  [[nodiscard]] const AuthMethod* Find(std::string_view name) const;

  std::vector<std::unique_ptr<AuthMethod>> methods_;  // A handful.
};

}  // namespace ringmq::broker
