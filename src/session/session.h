// The QoS state of one session: what the standard makes both sides remember between connections.
//
//   Outbound: what we owe the client  (in-flight messages by packet identifier, queue behind them)
//   Inbound:  what the client owes us (QoS 2 packet identifiers between PUBLISH and PUBREL)
//
// A Session knows no socket, clock or router. Packets that it wants to send go to the Link of the
// present connection; without a Link it only remembers. An idle session owns no heap memory.
// Lives on its home core.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/functional/function_ref.h"
#include "base/time.h"
#include "codec/publication.h"
#include "ringmq/protocol.h"
#include "session/link.h"

namespace ringmq::session {

enum class OverflowPolicy : uint8_t { kDropNew, kDropOldest, kDisconnect };

// Constant for the session's life; owned by the shard and outliving every session.
struct SessionLimits {
  uint32_t queued_messages_max = 100'000;
  uint64_t queued_bytes_max = 64ull << 20;
  OverflowPolicy overflow = OverflowPolicy::kDropNew;
  uint16_t in_flight_max = 1024;    // Of ours, besides the client's Receive Maximum.
  uint16_t receive_maximum = 1024;  // What we promise the client in CONNACK.
};

enum class Delivered : uint8_t {
  kSent,               // On the link (QoS 0, or in flight).
  kQueued,             // Waits for the window, the output budget or a connection.
  kDroppedOffline,     // QoS 0 and no connection.
  kDroppedOutputFull,  // QoS 0 and the link's output budget is used up.
  kDroppedQueueFull,   // QoS 1 or 2, kDropNew.
  kReplacedOldest,     // Queued; the oldest queued message was dropped instead.
  kDroppedTooLarge,    // Over the client's Maximum Packet Size. [MQTT-3.1.2-25]
  kDroppedExpired,
  kMustDisconnect,  // Queue full and the policy is kDisconnect.
};

enum class Verdict : uint8_t {
  kContinue,
  kUnknownPacketId,  // Answered where the standard says so; to be counted.
  kProtocolError,    // The caller ends the connection with 0x82.
};

enum class Arrival : uint8_t {
  kNew,        // Route it, then call Accept().
  kDuplicate,  // QoS 2, known: already answered with PUBREC; do not route.
  kReceiveMaximumExceeded,
};

struct DeliveryOptions {
  Qos qos = Qos::kAtMostOnce;  // Already the minimum of published and granted.
  bool retain = false;
  std::span<const uint32_t> subscription_ids = {};
  bool exempt_from_queue_limit = false;  // Retained replay.
  // The router's name for the shared group that chose this session; zero: none.
  uint32_t shared_group = 0;
};

// A message that this session will never deliver, because it ends.
struct Undelivered {
  const codec::MessageRef& message;
  Qos qos = Qos::kAtMostOnce;
  uint32_t shared_group = 0;
  bool sent = false;  // The client may have seen it.
};

struct Drained {
  uint32_t sent = 0;
  uint32_t expired = 0;
  uint32_t too_large = 0;
};

class Outbound;
class Inbound;

class Session {
 public:
  explicit Session(const SessionLimits& limits);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- Outbound. `link` is null while no client is connected.
  Delivered Deliver(codec::Publication& publication, const DeliveryOptions& options, Instant now,
                    Link* link);
  Verdict OnPuback(codec::PacketId id, ReasonCode reason, Instant now, Link& link);
  Verdict OnPubrec(codec::PacketId id, ReasonCode reason, Instant now, Link& link);
  Verdict OnPubcomp(codec::PacketId id, ReasonCode reason, Instant now, Link& link);
  // Sends queued messages as far as window and output budget allow; call when output drained.
  // Returns how many expired and how many were too large, to be counted.
  Drained Drain(Instant now, Link& link);
  // True when Drain() would send something as soon as the output budget allows.
  [[nodiscard]] bool wants_drain() const;

  // --- Inbound, QoS 1 and 2.
  [[nodiscard]] Arrival OnPublish(codec::PacketId id, Qos qos, Link& link);
  // Answers PUBACK or PUBREC with `reason`; a failure forgets the QoS 2 identifier.
  void Accept(codec::PacketId id, Qos qos, ReasonCode reason, Link& link);
  void OnPubrel(codec::PacketId id, Link& link);

  // --- Life.
  // A client came back: in-flight messages go again with DUP, PUBREL for those past PUBREC, in
  // the original order, then the queue drains. [MQTT-4.4.0-1]
  Drained Resume(Instant now, Link& link);
  void OnDisconnected();  // Connection-scoped state (windows) resets.
  // In flight first, then the queue, each in order. Called when the session ends.
  void ForEachUndelivered(absl::FunctionRef<void(const Undelivered&)> visit) const;
  // Forgets queued messages that the client has never seen and for which `unwanted` says so.
  // Returns how many.
  size_t DropQueuedIf(absl::FunctionRef<bool(const codec::MessageRef&)> unwanted);
  // Gives back memory that the traffic of the past needed.
  void ReleaseIdle();

  [[nodiscard]] uint32_t queued_messages() const;
  [[nodiscard]] uint64_t queued_bytes() const;
  [[nodiscard]] uint32_t in_flight() const;
  // Crashes if an invariant is broken. O(n); tests and simulation call it.
  void Audit() const;

 private:
  Outbound& NeedOutbound();
  Inbound& NeedInbound();

  const SessionLimits& limits_;
  std::unique_ptr<Outbound> outbound_;  // Null while there is nothing to remember.
  std::unique_ptr<Inbound> inbound_;    // Likewise.
};

}  // namespace ringmq::session
