// Who may come in to an embedded broker, and do what: decided by the program around it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "ringmq/protocol.h"

namespace ringmq {

namespace broker {
class AnswerDesk;  // Where answers go; counted, and outlives the broker if it must.
}  // namespace broker

// A CONNECT without enhanced authentication. Views live during the call; the password is wiped
// after it.
struct Login {
  std::string_view client_id;  // Assigned by the broker if the client gave none.
  std::string_view username;   // Empty: none.
  std::string_view password;   // Any bytes.
  std::string_view peer;       // "127.0.0.1:5000".
};

// The answer to one Login, now or later. Move-only; any thread, also one of the broker's; also
// after the broker is gone, when it does nothing. Dropped unused it refuses. A client that has
// waited for longer than connect_timeout_ms is gone.
class LoginAnswer {
 public:
  LoginAnswer(LoginAnswer&& other) noexcept
      : desk_(std::exchange(other.desk_, nullptr)), shard_(other.shard_), token_(other.token_) {}
  LoginAnswer& operator=(LoginAnswer&& other) noexcept {
    std::swap(desk_, other.desk_);
    std::swap(shard_, other.shard_);
    std::swap(token_, other.token_);
    return *this;
  }
  ~LoginAnswer() { Refuse(ReasonCode::kNotAuthorized); }

  // Only the first of all calls counts. Accepted, the user name is the client's identity.
  void Accept() noexcept;
  // What CONNACK says; for 3.1.1 the nearest return code. Requires: IsFailure(reason).
  void Refuse(ReasonCode reason) noexcept;

 private:
  friend class broker::AnswerDesk;
  LoginAnswer(broker::AnswerDesk* desk, uint32_t shard, uint64_t token) noexcept
      : desk_(desk), shard_(shard), token_(token) {}

  broker::AnswerDesk* desk_ = nullptr;  // Null: answered, or moved from.
  uint32_t shard_ = 0;
  uint64_t token_ = 0;
};

// Called on one thread of the broker's own, for one client after the other: it may block, but the
// next client waits meanwhile. At most auth.checks_pending_max per shard wait for an answer; more
// are told 0x89, "server busy".
using Authenticate = std::function<void(const Login& login, LoginAnswer answer)>;

enum class Access : uint8_t {
  kPublish,    // Of a message to a topic; of a will, when the client connects.
  kSubscribe,  // To a filter, without "$share/name/".
  kReceive,    // Of a message with a topic, each time one is about to be delivered.
};

struct AccessRequest {
  std::string_view client_id;
  std::string_view username;  // Empty: anonymous.
  std::string_view topic;     // Or filter.
  Access access = Access::kPublish;
};

// Whether it is allowed. Called on every shard's thread, several at once, in the middle of a
// message's way: it must be quick and must not block, nor call the broker. Views live during the
// call. Asked after the ACL file, if there is one, has allowed it.
using Authorize = std::function<bool(const AccessRequest& request)>;

}  // namespace ringmq
