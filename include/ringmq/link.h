// A client of an embedded broker without a socket: an MQTT session whose packets go through memory
// to the shard that keeps it. What a socket client may do it may do: any QoS, retained messages,
// shared subscriptions, a session that outlives the link, subscription identifiers.
//
//   auto link = broker.OpenLink({.client_id = "recorder"});
//   link->Subscribe("plant/#", {.qos = ringmq::Qos::kAtLeastOnce});
//   while (auto events = link->Receive(std::chrono::seconds(1))) {
//     for (const ringmq::LinkEvent& event : *events) {
//       if (const auto* message = std::get_if<ringmq::LinkMessage>(&event)) Handle(*message);
//     }
//   }
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "ringmq/expected.h"
#include "ringmq/message.h"
#include "ringmq/protocol.h"

namespace ringmq {

namespace broker {
class LinkClient;  // What a Link owns.
}  // namespace broker

// What the ACL file and BrokerOptions::authorize have to say about a link.
enum class LinkRights : uint8_t {
  kAll,       // Nothing: it is a part of the program. $SYS stays closed to publishing.
  kAsClient,  // The same as about any client with its client identifier and user name.
};

struct LinkOptions {
  // Empty: an unused one. While a link's session lives, no socket client gets in under its client
  // identifier; a second link takes it over.
  std::string client_id{};
  std::string username{};  // Taken as true; only rules and events see it.
  LinkRights rights = LinkRights::kAll;
  // 5.0 s3.1.2.4, s3.1.2.11.2. With an expiry the session gathers messages while no link is open.
  bool clean_start = true;
  uint32_t session_expiry_s = 0;
  // Published when the link is abandoned, taken over or ended by the broker; not after Close().
  std::optional<WillMessage> will{};
  // QoS 1 and 2 messages that were received and not taken by Receive(); more wait in the session's
  // queue. 1 to 65535.
  uint16_t receive_maximum = 1024;
  // Bytes published that the shard has not taken; above it Publish() refuses.
  uint32_t publish_bytes_max = 1 << 20;
  // Bytes that the shard has handed over and Receive() has not taken. Above it QoS 1 and 2 wait in
  // the session's queue, and QoS 0 is dropped once output_bytes_max more have gathered.
  uint32_t receive_bytes_max = 1 << 20;
  // What one Receive() returns at most. At least one.
  uint32_t batch_events_max = 256;
  // Called when Receive() has something to do, mostly on a shard's thread, before the link is
  // closed. Must only wake whoever calls Receive(): no call to link or broker, no waiting.
  std::function<void()> on_ready{};
};

struct LinkPublish {
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  std::optional<uint32_t> expiry_s{};             // Message Expiry Interval.
  const PublishProperties* properties = nullptr;  // Read before Publish() returns.
};

struct LinkSubscribe {
  Qos qos = Qos::kAtMostOnce;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::kSend;
  uint32_t id = 0;  // Subscription Identifier; zero: none.
};

// Views, valid until the next Receive().
struct LinkMessage {
  std::string_view topic;
  std::string_view payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool dup = false;                 // An earlier link of this session may have taken it.
  std::string_view property_bytes;  // As on the wire, validated; properties() reads them.

  // All of them, copied.
  [[nodiscard]] PublishProperties properties() const;
};

// The broker has answered what had this ticket: PUBACK, PUBREC with a failure or PUBCOMP, SUBACK,
// UNSUBACK.
struct LinkDone {
  uint64_t ticket = 0;
  ReasonCode reason = ReasonCode::kSuccess;  // Of a subscription: the granted QoS, or a failure.
};

// There is room again after kWouldBlock.
struct LinkWritable {};

// The last event: the broker stopped (0x8B), another link took the session over (0x8E), or what
// else the reason says.
struct LinkClosed {
  ReasonCode reason = ReasonCode::kSuccess;
};

using LinkEvent = std::variant<LinkMessage, LinkDone, LinkWritable, LinkClosed>;

// Move-only. One thread at a time, any; several links may be used by as many threads. May outlive
// the broker, and is then closed.
class Link {
 public:
  Link(Link&&) noexcept;
  Link& operator=(Link&&) noexcept;  // Closes the one it replaces.
  ~Link();                           // Close().

  [[nodiscard]] const std::string& client_id() const noexcept;
  // The broker still had the session.
  [[nodiscard]] bool session_present() const noexcept;

  // Copies; never waits. Returns the ticket of the LinkDone that follows; zero at QoS 0, where none
  // does. kWouldBlock: the lane or the in-flight window (the broker's receive_maximum) is full, and
  // nothing was taken; a LinkWritable follows. kInvalidArgument, kStopped, kUnsupported (above
  // qos_max, or RETAIN where there is none). kPacketTooLarge.
  Expected<uint64_t> Publish(std::string_view topic, std::string_view payload,
                             const LinkPublish& options = {});
  // Never wait. Errors as above; at most 64 of both may be unanswered.
  Expected<uint64_t> Subscribe(std::string_view filter, const LinkSubscribe& options = {});
  Expected<uint64_t> Unsubscribe(std::string_view filter);

  // What has come; waits for the first until `timeout`, and returns an empty span if nothing came.
  // Acknowledges the messages that it returns: from here on they are the caller's. The events live
  // until the next call. After LinkClosed: kStopped.
  Expected<std::span<const LinkEvent>> Receive(std::chrono::milliseconds timeout = {});

  // Says goodbye. What was published before is still handled. Messages that Receive() has not
  // returned stay in the session, if that lives on. Again: does nothing.
  void Close();
  // The same without a goodbye, as if the program had died: the will is published.
  void Abandon();

 private:
  friend class Broker;
  explicit Link(std::unique_ptr<broker::LinkClient> client) noexcept;
  std::unique_ptr<broker::LinkClient> client_;
};

}  // namespace ringmq
