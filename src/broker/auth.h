// The seam behind which "is this who it says it is" is decided.
//
// A shard hands a request over and goes on. Some authenticators know at once, others answer
// later through the shard's mailbox; so JWT, HTTP or a directory fit behind the same two calls.
// Anonymous clients do not come here: AllowsAnonymous(listener) decides about them.
//
// Enhanced authentication (AUTH packets) has its own seam: enhanced_auth.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "broker/password_file.h"
#include "ringmq/protocol.h"

namespace ringmq::broker {

enum class AuthVerdict : uint8_t {
  kAllow,
  kDeny,     // CONNACK 0x86, "bad user name or password".
  kBusy,     // CONNACK 0x89: too many checks are under way.
  kPending,  // From Start() only: the verdict comes through Drain().
};

struct AuthRequest {
  uint64_t token = 0;  // The shard's own; comes back with the result untouched.
  std::string client_id;
  std::string username;
  std::string password;  // Wiped once it was checked.
  std::string peer{};    // Where the client comes from.
};

struct AuthResult {
  uint64_t token = 0;
  AuthVerdict verdict = AuthVerdict::kDeny;
  ReasonCode reason = ReasonCode::kBadUserNameOrPassword;  // What CONNACK says to kDeny.
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // True: it also decides about clients without a user name, and there is no list of users.
  // Constant.
  [[nodiscard]] virtual bool decides_alone() const { return false; }

  // Called on shard `shard_index`'s thread; never waits. The caller may forget the token before
  // the result comes, and must then ignore the result.
  [[nodiscard]] virtual AuthVerdict Start(uint32_t shard_index, AuthRequest request) = 0;

  // Appends the verdicts that came since for this shard. Called on its thread, after a wake-up.
  virtual void Drain(uint32_t shard_index, std::vector<AuthResult>& out) = 0;

  // From now on these users count. Checks under way may still use the old ones. Any thread but
  // the shards' own while they run, unless the implementation says otherwise.
  virtual void ReplacePasswords(PasswordTable passwords) = 0;
};

// Checks in place, on the caller's thread: for the simulation, for tests, and where there are
// no users to check. One thread only.
class DirectAuthenticator final : public Authenticator {
 public:
  explicit DirectAuthenticator(PasswordTable passwords) : passwords_(std::move(passwords)) {}

  [[nodiscard]] AuthVerdict Start(uint32_t shard_index, AuthRequest request) override;
  void Drain(uint32_t shard_index, std::vector<AuthResult>& out) override;
  void ReplacePasswords(PasswordTable passwords) override;

 private:
  PasswordTable passwords_;
};

// Checks and wipes. What every password authenticator does, on whatever thread.
[[nodiscard]] AuthVerdict CheckPassword(const PasswordTable& passwords, AuthRequest& request);

}  // namespace ringmq::broker
