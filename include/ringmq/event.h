// What EventLoop::Poll() tells its owner.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ringmq/expected.h"
#include "ringmq/message.h"
#include "ringmq/options.h"
#include "ringmq/protocol.h"

namespace ringmq {

// An attempt begins.
struct Connecting {
  Endpoint endpoint;
  uint32_t attempt = 0;
};

// What the server allows (5.0 s3.2.2.3; for 3.1.1 the protocol's own limits).
struct ServerLimits {
  uint16_t receive_maximum = 65535;
  Qos maximum_qos = Qos::kExactlyOnce;
  bool retain_available = true;
  uint32_t maximum_packet_size = 0;  // Zero: the protocol's.
  uint16_t topic_alias_maximum = 0;
  bool wildcard_subscription_available = true;
  bool subscription_identifiers_available = true;
  bool shared_subscription_available = true;
  uint32_t session_expiry_s = 0;  // What holds.
  uint16_t keep_alive_s = 0;      // What holds.
};

struct Connected {
  bool session_present = false;
  std::string client_id;  // The assigned one, if the server gave it.
  ServerLimits limits;
  std::string response_information;
  std::string server_reference;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

// The connection ended, or an attempt failed. The loop goes on by itself when retry_in is set: so
// much later, or once the old connection is closed, for which its peer has 100 ms at least.
struct Disconnected {
  Error cause;
  std::optional<std::chrono::milliseconds> retry_in;
  std::string reason_string;
  std::string server_reference;        // Where the server would rather have us. 5.0 s4.13
  AnswerProperties user_properties{};  // With its DISCONNECT or refusal. 5.0 s3.14.2.2.4
};

// We wanted our session, and the server had none. Comes right after Connected, before any message.
struct SessionLost {
  uint32_t published_again = 0;  // Sent before and not acknowledged.
  uint32_t given_up = 0;
};

// The remembered subscriptions were asked for again, and this is the answer: one event for each
// packet that it took. Those that this server's limits forbid (5.0 s3.2.2.3) come in one of their
// own, with the reason that a server would give, without having been sent.
struct Resubscribed {
  std::vector<std::string> filters;
  std::vector<ReasonCode> reasons;
  std::string reason_string{};
  AnswerProperties user_properties{};
};

// The answer to one SUBSCRIBE or UNSUBSCRIBE, besides its handle.
struct SubscribeDone {
  std::vector<std::string> filters;
  std::vector<ReasonCode> reasons;
  bool unsubscribe = false;
};

// There is room again after an Outcome::kWouldBlock.
struct Writable {};

// Options::trace_packets: this packet goes out.
struct PacketSent {
  PacketType type;
  uint16_t packet_id = 0;
  uint32_t size_bytes = 0;
};

// Options::trace_packets: this packet has come, of whatever type. Its own event, if it causes one,
// follows. (One that is no packet, or too large, ends the connection: see Disconnected.)
struct PacketReceived {
  PacketType type;
  uint16_t packet_id = 0;  // Zero: it has none.
  uint32_t size_bytes = 0;
};

// The last event there is: Disconnect() is done, or nothing can be done any more.
struct Stopped {
  std::optional<Error> cause;  // Empty: we were asked to.
};

class Event {
 public:
  using Content =
      std::variant<Message, Connecting, Connected, Disconnected, SessionLost, Resubscribed,
                   SubscribeDone, Writable, PacketSent, PacketReceived, Stopped>;
  Event(Content content) : content_(std::move(content)) {}  // NOLINT: converts.

  // The content if it is a T, otherwise null. Lives until the next Poll().
  template <typename T>
  [[nodiscard]] T* get() noexcept {
    return std::get_if<T>(&content_);
  }
  template <typename T>
  [[nodiscard]] const T* get() const noexcept {
    return std::get_if<T>(&content_);
  }
  [[nodiscard]] Content& content() noexcept { return content_; }

 private:
  Content content_;
};

// "message", "connected", ...
[[nodiscard]] const char* NameOf(const Event& event) noexcept;

}  // namespace ringmq
