// A message that came from the server, and the acknowledgement that it may need.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringmq/bytes.h"
#include "ringmq/protocol.h"

namespace ringmq {

// Names and values, in order; a name may occur again; at most 1024. With 3.1.1 they are left out,
// or make the call kInvalid (Options::refuse_properties_on_v311).
using UserProperties = std::vector<std::pair<std::string, std::string>>;

// Those that came with an answer, which seldom has any: one pointer, and a block only if there are
// some. Copies are deep; any thread.
class AnswerProperties {
 public:
  AnswerProperties() noexcept = default;
  explicit AnswerProperties(UserProperties list)
      : list_(list.empty() ? nullptr : new UserProperties(std::move(list))) {}
  AnswerProperties(const AnswerProperties& other)
      : list_(other.empty() ? nullptr : new UserProperties(*other.list_)) {}
  AnswerProperties(AnswerProperties&& other) noexcept = default;
  AnswerProperties& operator=(AnswerProperties other) noexcept {
    std::swap(list_, other.list_);
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return list_ == nullptr; }
  // In the order in which the server has sent them. Lives as long as this does unchanged.
  [[nodiscard]] std::span<const std::pair<std::string, std::string>> list() const noexcept {
    if (empty()) return {};
    return *list_;
  }

 private:
  std::unique_ptr<const UserProperties> list_;
};

// 5.0 s3.3.2.3: what a PUBLISH may carry besides topic and payload. On a 3.1.1 connection they are
// left out, or refused (Options::refuse_properties_on_v311).
struct PublishProperties {
  // True says: the payload is UTF-8 text. s3.3.2.3.2
  std::optional<bool> payload_is_text{};
  std::string content_type{};
  std::string response_topic{};
  std::string correlation_data{};  // Binary.
  std::vector<std::pair<std::string, std::string>> user{};
  // Received only: what was given with the subscriptions that matched.
  std::vector<uint32_t> subscription_ids{};
  // Received only: seconds that were left when the server sent it. To publish with one, see
  // PublishOptions::expires_after.
  std::optional<uint32_t> expiry_s{};

  bool operator==(const PublishProperties&) const = default;
};

// What the server publishes when a client is gone without a goodbye. 5.0 s3.1.3.2, s3.1.3.3.
struct WillMessage {
  std::string topic{};
  std::string payload{};
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  uint32_t delay_s = 0;
  std::optional<uint32_t> expiry_s{};
  PublishProperties properties{};
};

namespace client {
class MessageBuilder;
class AckSink;  // Where acknowledgements go: the event loop, from any thread.
void Ref(AckSink* sink) noexcept;
void Unref(AckSink* sink) noexcept;

// The right to take one acknowledgement, of which a copy has none.
struct AckClaim {
  AckClaim() noexcept = default;
  AckClaim(const AckClaim&) noexcept {}
  AckClaim(AckClaim&& other) noexcept
      : sink(std::exchange(other.sink, nullptr)), ticket(other.ticket) {}
  AckClaim& operator=(AckClaim other) noexcept {
    sink = std::exchange(other.sink, nullptr);
    ticket = other.ticket;
    return *this;
  }

  AckSink* sink = nullptr;  // Held by the batch, not by the message; null: none, or taken.
  uint64_t ticket = 0;
};
}  // namespace client

// The acknowledgement of one QoS 1 or QoS 2 message in manual mode (Options::acks), detached from
// its bytes. Move-only; any thread. The loop sends acknowledgements in the order that the standard
// demands, whatever the order they are given in [MQTT-4.6.0-2]; until then the message counts
// against our Receive Maximum. One that is used after its connection has ended is dropped: the
// server sends the message again. Dropped unused it does what Options::unused_acks says.
class Ack {
 public:
  Ack() noexcept = default;
  Ack(Ack&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)), ticket_(other.ticket_) {}
  Ack& operator=(Ack&& other) noexcept {
    std::swap(sink_, other.sink_);
    std::swap(ticket_, other.ticket_);
    return *this;
  }
  ~Ack();

  // Whether there is something to acknowledge: not for QoS 0, not in automatic mode, not twice.
  explicit operator bool() const noexcept { return sink_ != nullptr; }
  // PUBACK or PUBREC with this reason (a failure refuses the message; 3.1.1 cannot say so).
  void Send(ReasonCode reason = ReasonCode::kSuccess) noexcept;
  // Lets go without an acknowledgement: the server sends the message again after a reconnect.
  void Release() noexcept;

 private:
  friend class Message;
  Ack(client::AckSink* sink, uint64_t ticket) noexcept : sink_(sink), ticket_(ticket) {}

  client::AckSink* sink_ = nullptr;
  uint64_t ticket_ = 0;
};

// What Own() makes of a message: no view, any thread, as long as you like.
struct OwnedMessage {
  std::string topic{};
  SharedBytes payload{};
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool dup = false;
  PublishProperties properties{};
};

// Views of the bytes that were received, valid until the next EventLoop::Poll(); the loop's thread
// only. A library built with a sanitizer, or without NDEBUG, overwrites the bytes at that time.
class Message {
 public:
  // Never empty: an alias is expanded before anybody sees it.
  [[nodiscard]] std::string_view topic() const noexcept { return topic_; }
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  [[nodiscard]] Qos qos() const noexcept { return qos_; }
  // The server sent it because of a new subscription, or the subscriber asked to see the flag.
  [[nodiscard]] bool retain() const noexcept { return retain_; }
  // The server may have sent it before.
  [[nodiscard]] bool dup() const noexcept { return dup_; }
  [[nodiscard]] uint16_t packet_id() const noexcept { return packet_id_; }  // Zero at QoS 0.

  // The first value of this user property, a view.
  [[nodiscard]] std::optional<std::string_view> UserProperty(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view response_topic() const noexcept;
  [[nodiscard]] std::string_view correlation_data() const noexcept;
  [[nodiscard]] std::string_view content_type() const noexcept;
  // The first Subscription Identifier; zero: none.
  [[nodiscard]] uint32_t subscription_id() const noexcept;
  // All properties, copied.
  [[nodiscard]] PublishProperties properties() const;
  [[nodiscard]] bool has_properties() const noexcept { return !property_bytes_.empty(); }

  // To keep it. Copies, except that a payload that fills most of its receive block (every one
  // above 64 KiB) is shared with it.
  [[nodiscard]] OwnedMessage Own() const;
  // The acknowledgement, once; empty in automatic mode, at QoS 0, and of a copy: it stays with the
  // original, and moves where that one moves. Not taken, it is given when the next Poll() begins,
  // as Options::unused_acks says.
  [[nodiscard]] Ack TakeAck() noexcept;

 private:
  friend class client::MessageBuilder;
  std::string_view topic_;
  std::string_view payload_;
  std::string_view property_bytes_;  // Validated, as on the wire.
  const SharedBytes* block_ = nullptr;
  client::AckClaim claim_;
  uint16_t packet_id_ = 0;
  Qos qos_ = Qos::kAtMostOnce;
  bool retain_ = false;
  bool dup_ = false;
};

}  // namespace ringmq
