// What a call to the client is waiting for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringmq/expected.h"
#include "ringmq/message.h"

namespace ringmq {

// How a publish ended.
enum class Outcome : uint8_t {
  kWritten,       // QoS 0: the kernel took its bytes.
  kAcknowledged,  // QoS 1: PUBACK.
  kCompleted,     // QoS 2: PUBCOMP.
  kRefused,       // PUBACK, PUBREC or PUBCOMP with a failure; see reason.
  kExpired,       // PublishOptions::expires_after passed before it was sent.
  kOverflow,      // A queue was full and Options::outbound.overflow chose this message.
  kWouldBlock,    // The queue is full and the policy is kReject: nothing was taken.
  kInvalid,       // Never sent: the topic, a property or the size is not allowed.
  kNeverSent,     // The session or the connection ended first (QoS 0: the connection).
  kSessionLost,   // Sent, and the server forgot the session: unknown whether it arrived.
  kCancelled,     // Cancel() came before it was sent.
  kShutdown,      // The loop ended first.
};

// "acknowledged", "session lost", ...
[[nodiscard]] const char* NameOf(Outcome outcome) noexcept;

struct Delivery {
  Outcome outcome = Outcome::kShutdown;
  ReasonCode reason = ReasonCode::kSuccess;  // Of the acknowledgement.
  std::string reason_string{};               // 5.0 s3.4.2.2.2, if the server gave one.
  AnswerProperties user_properties{};        // 5.0 s3.4.2.2.3

  // The receiver has it, as far as the QoS can tell.
  [[nodiscard]] bool ok() const noexcept {
    return outcome == Outcome::kWritten || outcome == Outcome::kAcknowledged ||
           outcome == Outcome::kCompleted;
  }
};

// Of SUBSCRIBE or UNSUBSCRIBE: one reason for each filter, in order.
struct SubscribeResult {
  Outcome outcome = Outcome::kShutdown;  // kAcknowledged, or why there was no answer.
  std::vector<ReasonCode> reasons{};
  std::string reason_string{};         // 5.0 s3.9.2.1.2, if the server gave one.
  AnswerProperties user_properties{};  // 5.0 s3.9.2.1.3

  // Every filter was granted.
  [[nodiscard]] bool ok() const noexcept {
    if (outcome != Outcome::kAcknowledged) return false;
    for (const ReasonCode reason : reasons) {
      if (IsFailure(reason)) return false;
    }
    return true;
  }
};

// Of Client::Request().
struct Reply {
  Outcome outcome = Outcome::kShutdown;  // kAcknowledged when a response came; kExpired: none did.
  ReasonCode reason = ReasonCode::kSuccess;
  OwnedMessage message{};
  std::string reason_string{};  // Why there is none, if the server or the client has a sentence.

  [[nodiscard]] bool ok() const noexcept { return outcome == Outcome::kAcknowledged; }
};

// Of Client::WhenConnected().
struct ConnectResult {
  Outcome outcome = Outcome::kShutdown;  // kAcknowledged: CONNACK; kShutdown: the loop has ended.
  bool session_present = false;
  std::string client_id{};  // Ours, or the one that the server gave.

  [[nodiscard]] bool ok() const noexcept { return outcome == Outcome::kAcknowledged; }
};

namespace client {
template <typename Result>
class Pending;  // The counted state behind a handle.
}  // namespace client

// A counted reference to a result that will be there exactly once, on every path, the destruction
// of the loop included. Copyable; any thread. Dropping every handle changes nothing.
template <typename Result>
class Handle {
 public:
  Handle() noexcept = default;
  Handle(const Handle& other) noexcept;
  Handle(Handle&& other) noexcept : pending_(std::exchange(other.pending_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(pending_, other.pending_);
    return *this;
  }
  ~Handle();

  [[nodiscard]] bool valid() const noexcept { return pending_ != nullptr; }
  // Requires of all below: valid().
  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] std::optional<Result> Poll() const;
  // Blocks this thread until the result is there (kTimedOut otherwise). On the loop's own thread:
  // kDeadlock, at once.
  [[nodiscard]] Expected<Result> Wait(std::chrono::milliseconds timeout) const;
  [[nodiscard]] Expected<Result> WaitUntil(std::chrono::steady_clock::time_point deadline) const;
  // Calls `done` once: on the loop's thread within Poll(), or here and now when the result is
  // there already. Any number of callbacks, coroutines that wait included, on one handle and its
  // copies: each is called, in the order in which they came.
  void OnComplete(std::function<void(const Result&)> done) const;

  // The same for all copies of a handle, and for no other's while one of them lives.
  [[nodiscard]] const void* identity() const noexcept { return pending_; }

  // Of the library itself.
  explicit Handle(client::Pending<Result>* adopted) noexcept : pending_(adopted) {}

 private:
  client::Pending<Result>* pending_ = nullptr;
};

using PublishHandle = Handle<Delivery>;
using SubscribeHandle = Handle<SubscribeResult>;
using ReplyHandle = Handle<Reply>;
using ConnectHandle = Handle<ConnectResult>;

extern template class Handle<Delivery>;
extern template class Handle<SubscribeResult>;
extern template class Handle<Reply>;
extern template class Handle<ConnectResult>;

}  // namespace ringmq
