// What a shard counts. Plain numbers, written by one core; other cores get copies by parcel.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringmq::broker {

// Why a message did not reach a receiver. Each has its own counter, since "why was it dropped" is
// the first question of every operator.
enum class DropReason : uint8_t {
  kOutputFull,      // QoS 0 beyond output_bytes_max: a slow consumer.
  kQueueFull,       // QoS 1/2 beyond queued_messages_max or queued_bytes_max.
  kOldestReplaced,  // The same, with queue_overflow = "drop_oldest".
  kTooLarge,        // Beyond the client's Maximum Packet Size.
  kExpired,         // Message Expiry Interval passed while it waited.
  kOffline,         // QoS 0 for a session that is not connected.
  kNotAuthorized,   // The receiver may not read the topic.
  kNoMember,        // A shared group without any member to take it.
  kRetainedFull,    // retained_messages_max or retained_bytes_max reached.
};
inline constexpr size_t kDropReasonCount = 9;

struct Statistics {
  // Gauges.
  int64_t connections = 0;
  int64_t sessions = 0;
  int64_t subscriptions = 0;
  int64_t shared_subscriptions = 0;
  int64_t retained_messages = 0;
  int64_t retained_bytes = 0;
  int64_t queued_messages = 0;
  int64_t queued_bytes = 0;
  // Counters.
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;
  uint64_t admissions_deferred = 0;   // Connections and handshakes that had to wait.
  uint64_t admissions_timed_out = 0;  // Of them, those that waited in vain.
  uint64_t sessions_expired = 0;
  uint64_t sessions_taken_over = 0;
  uint64_t packets_received = 0;
  uint64_t packets_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t publishes_received = 0;
  uint64_t publishes_sent = 0;
  uint64_t publish_bytes_received = 0;
  uint64_t publish_bytes_sent = 0;
  uint64_t receives = 0;  // Receive completions: bytes_received / receives is bytes per receive.
  uint64_t sends = 0;     // Send completions: publishes_sent / sends is messages per send.
  uint64_t malformed_packets = 0;
  uint64_t transport_errors = 0;  // A layer failed: what came was not as it must be.
  uint64_t handshakes = 0;        // Layers that opened.
  uint64_t kernel_tls = 0;        // Connections whose TLS the kernel took over.
  uint64_t kernel_tls_spent = 0;  // Of these, ended because their key has sealed all that it may.
  uint64_t protocol_errors = 0;
  uint64_t handed_over = 0;
  uint64_t parcels_received = 0;
  uint64_t publishers_paused = 0;
  std::array<uint64_t, kDropReasonCount> dropped{};

  void Drop(DropReason reason) { ++dropped[static_cast<size_t>(reason)]; }
  [[nodiscard]] uint64_t dropped_total() const;
  // Adds another core's figures to these.
  void Add(const Statistics& other);
};

}  // namespace ringmq::broker
