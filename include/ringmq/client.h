// An MQTT client: an event loop that its owner polls, and a handle that any thread uses.
//
//   auto made = ringmq::MakeClient(*ringmq::Options::FromUrl("mqtt://localhost"));
//   auto& [client, loop] = *made;
//   client.Subscribe("plant/+/temperature", ringmq::Qos::kAtLeastOnce);
//   while (auto batch = loop.Poll(std::chrono::seconds(1))) {
//     for (ringmq::Event& event : *batch) {
//       if (const auto* message = event.get<ringmq::Message>()) Handle(message->topic());
//     }
//   }
//
// Nothing happens unless somebody polls: Poll() connects, reads, writes, keeps alive and
// reconnects. Inside somebody else's loop: wait until descriptor() is readable or NextDeadline()
// has come, then Poll(0). On a thread of its own: runner.h. With coroutines: coroutine.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ringmq/event.h"
#include "ringmq/expected.h"
#include "ringmq/handle.h"
#include "ringmq/options.h"

namespace ringmq {

namespace client {
class Hub;  // What handles and loop share; counted.
class Loop;
}  // namespace client

struct PublishOptions {
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  // Zero: never. Not sent in time, it ends with Outcome::kExpired; on the way it is the Message
  // Expiry Interval of 5.0 (whole seconds, rounded up, less the time it waited here).
  std::chrono::milliseconds expires_after{0};
  const PublishProperties* properties = nullptr;  // Read before Publish() returns.
};

struct SubscriptionRequest {
  std::string filter{};
  Qos qos = Qos::kAtMostOnce;
  // 5.0 s3.8.3.1; must be as they are with 3.1.1.
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::kSend;
  uint32_t id = 0;  // Subscription Identifier; zero: none. 5.0 s3.8.2.1.2
};

struct DisconnectOptions {
  // How long queued publishes may take to be sent and acknowledged before DISCONNECT goes out.
  std::chrono::milliseconds drain_for{0};
  ReasonCode reason = ReasonCode::kSuccess;    // 5.0; kDisconnectWithWill sends the will.
  std::optional<uint32_t> session_expiry_s{};  // 5.0 s3.14.2.2.2
  // For the server's log. Left out with 3.1.1 in any case, like the reason.
  std::string reason_string{};
  UserProperties user_properties{};
};

// A moment's numbers, since the loop was made.
struct ClientStats {
  uint64_t messages_received = 0;
  uint64_t messages_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t connects = 0;
  uint64_t disconnects = 0;
  uint32_t queued_messages = 0;  // Published and not finished.
  uint64_t queued_bytes = 0;
  uint32_t in_flight = 0;
};

// Copyable; any thread; never blocks, except where the name says Until. Handles do not keep the
// loop running, and the loop runs on when the last one is gone.
class Client {
 public:
  Client(const Client& other) noexcept;
  Client(Client&& other) noexcept : hub_(std::exchange(other.hub_, nullptr)) {}
  Client& operator=(Client other) noexcept {
    std::swap(hub_, other.hub_);
    return *this;
  }
  ~Client();

  // Copies the payload. A result other than "taken" is in the handle at once.
  PublishHandle Publish(std::string_view topic, std::string_view payload,
                        const PublishOptions& options = {}) const;
  // Takes the string's memory; payloads up to about 8 KiB are copied all the same. `payload` is
  // empty afterwards if the message was taken. If it was not (the handle says at once why:
  // kWouldBlock, kOverflow, kInvalid or kShutdown), `payload` is as it was, for another try after a
  // Writable event. A template, so that literals go on being text.
  template <typename String>
  requires std::is_same_v<String, std::string> PublishHandle
  Publish(std::string_view topic, String&& payload, const PublishOptions& options = {})
  const { return PublishMoved(topic, payload, options); }
  // Shares it; the caller's reference stays, whatever becomes of the message. Payloads up to about
  // 8 KiB are copied next to their header all the same.
  PublishHandle Publish(std::string_view topic, const SharedBytes& payload,
                        const PublishOptions& options = {}) const;
  // As Publish(), but while the queue is full waits until `deadline`: then kTimedOut; on the loop's
  // own thread kDeadlock at once.
  Expected<PublishHandle> PublishUntil(std::chrono::steady_clock::time_point deadline,
                                       std::string_view topic, std::string_view payload,
                                       const PublishOptions& options = {}) const;
  // The same, taking the string's memory. `payload` is as it was if there is no handle, or if it
  // tells of a refusal, as above.
  template <typename String>
  requires std::is_same_v<String, std::string> Expected<PublishHandle> PublishUntil(
      std::chrono::steady_clock::time_point deadline, std::string_view topic, String&& payload,
      const PublishOptions& options = {})
  const { return PublishMovedUntil(deadline, topic, payload, options); }

  // Remembered: asked for again when the server has lost the session. A filter that is refused is
  // forgotten. A packet that is larger than the server takes (5.0 s3.2.2.3.6) is not sent: kInvalid
  // with kPacketTooLarge for each filter, and both sizes in the reason string.
  SubscribeHandle Subscribe(std::string_view filter, Qos qos = Qos::kAtMostOnce) const;
  // One packet. With several ids in it, the first one's counts. The user properties are part of
  // what is remembered and asked for again.
  SubscribeHandle Subscribe(std::span<const SubscriptionRequest> requests,
                            const UserProperties& user_properties = {}) const;
  // Asks, and waits for the answer: kTimedOut at `deadline`, when it is asked for all the same and
  // its answer is in the SubscribeDone event. On the loop's own thread nothing is asked and the
  // result is kDeadlock at once. kStopped: the loop has ended. What the server refuses, and what
  // never goes out (Outcome::kInvalid), is in the result as with Subscribe().
  Expected<SubscribeResult> SubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                           std::string_view filter,
                                           Qos qos = Qos::kAtMostOnce) const;
  Expected<SubscribeResult> SubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                           std::span<const SubscriptionRequest> requests,
                                           const UserProperties& user_properties = {}) const;
  SubscribeHandle Unsubscribe(std::string_view filter) const;
  SubscribeHandle Unsubscribe(std::span<const std::string> filters,
                              const UserProperties& user_properties = {}) const;
  // As SubscribeUntil().
  Expected<SubscribeResult> UnsubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                             std::string_view filter) const;
  Expected<SubscribeResult> UnsubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                             std::span<const std::string> filters,
                                             const UserProperties& user_properties = {}) const;

  // Publishes with a response topic of our own and correlation data, and waits for the answer.
  // 5.0 s4.10; kInvalid with 3.1.1.
  ReplyHandle Request(std::string_view topic, std::string_view payload,
                      std::chrono::milliseconds timeout, const PublishOptions& options = {}) const;
  // Asks, and waits for the answer until `deadline`, when the request ends too: kTimedOut.
  // kDeadlock and kStopped as with SubscribeUntil(); a request that is refused is in the reply.
  Expected<Reply> RequestUntil(std::chrono::steady_clock::time_point deadline,
                               std::string_view topic, std::string_view payload,
                               const PublishOptions& options = {}) const;
  // Answers a request: publishes to its response topic with its correlation data.
  PublishHandle Respond(const Message& request, std::string_view payload,
                        const PublishOptions& options = {}) const;

  // There at once if we are connected, otherwise with the next connection, however many attempts
  // that takes. It tells of that moment: the connection may be gone when you look.
  ConnectHandle WhenConnected() const;

  // Asks to end a publish that was not sent yet; its handle tells: Outcome::kCancelled, or how it
  // went. False: it is finished already.
  bool Cancel(const PublishHandle& handle) const;

  // Says goodbye; Poll() then returns Stopped and ends. The handle resolves kWritten when
  // everything is sent and acknowledged, kExpired when drain_for passed first; kInvalid at once,
  // and nothing happens, when a text is no UTF-8.
  PublishHandle Disconnect(const DisconnectOptions& options = {}) const;
  // Ends the connection without a DISCONNECT and connects anew; for tests and network changes.
  void Reconnect() const;
  // 5.0 s4.12.1; needs Options::authenticator.
  void Reauthenticate() const;

  // Makes a Poll() that sleeps return early; any thread.
  void Wake() const;

  [[nodiscard]] ClientStats stats() const;

 private:
  friend class EventLoop;
  explicit Client(client::Hub* adopted) noexcept : hub_(adopted) {}
  PublishHandle PublishMoved(std::string_view topic, std::string& payload,
                             const PublishOptions& options) const;
  Expected<PublishHandle> PublishMovedUntil(std::chrono::steady_clock::time_point deadline,
                                            std::string_view topic, std::string& payload,
                                            const PublishOptions& options) const;
  client::Hub* hub_ = nullptr;
};

// Views of the loop's own events, valid until the next Poll().
class EventBatch {
 public:
  EventBatch() = default;
  explicit EventBatch(std::span<Event> events) : events_(events) {}
  [[nodiscard]] Event* begin() const noexcept { return events_.data(); }
  [[nodiscard]] Event* end() const noexcept { return events_.data() + events_.size(); }
  [[nodiscard]] size_t size() const noexcept { return events_.size(); }
  [[nodiscard]] bool empty() const noexcept { return events_.empty(); }

 private:
  std::span<Event> events_;
};

// Move-only; one owner. Bound to the thread of its first Poll(). Destroying it closes the
// connection without a DISCONNECT and resolves every handle.
class EventLoop {
 public:
  EventLoop(EventLoop&&) noexcept;
  EventLoop& operator=(EventLoop&&) noexcept;
  ~EventLoop();

  // Works until there are events or `timeout` has passed; zero: does what can be done at once.
  // Returns at most Options::batch_events_max events; an empty batch when none came, or when
  // callbacks of handles were called. An error
  // means that the loop has ended: kStopped after Disconnect(), or what cannot be mended
  // (a refusal that is not transient, attempts used up).
  [[nodiscard]] Expected<EventBatch> Poll(std::chrono::milliseconds timeout);

  // Polls readable when Poll(0) has something to do; calls on the loop's own thread too, from the
  // first use of this function on. The same from beginning to end, over all
  // reconnects. Owned by the loop; there from the beginning.
  [[nodiscard]] int descriptor() const noexcept;
  // When to call Poll(0) even if the descriptor stays silent.
  [[nodiscard]] std::chrono::steady_clock::time_point NextDeadline() const;

  // The next Poll() may come from another thread, and the loop belongs to that one.
  void RebindThread() noexcept;

  // A further handle.
  [[nodiscard]] Client client() const noexcept;

 private:
  friend Expected<std::pair<Client, EventLoop>> MakeClient(Options options);
  explicit EventLoop(std::unique_ptr<client::Loop> loop) noexcept;
  std::unique_ptr<client::Loop> loop_;
};

using ClientPair = std::pair<Client, EventLoop>;

// Checks the options; does no I/O. kInvalidArgument names the option, kUnsupported what this build
// lacks.
[[nodiscard]] Expected<ClientPair> MakeClient(Options options);

}  // namespace ringmq
