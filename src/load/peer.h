// One MQTT connection of the load tool: what it remembers. The worker does everything with it.
//
// Kept small, since there may be a million that are idle: what only some need is behind a pointer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ring_queue.h"
#include "load/kept.h"
#include "load/layers.h"
#include "load/plan.h"
#include "load/topic_pattern.h"
#include "measure/absence.h"
#include "measure/flow.h"

namespace ringmq::load {

enum class PeerState : uint8_t {
  kNew,
  kConnecting,
  kOpening,      // Handshakes below MQTT.
  kGreeting,     // CONNECT sent.
  kSubscribing,  // SUBSCRIBE sent.
  kReady,
  kEnded,
};

// What a publisher needs besides.
struct Publishing {
  // Messages in a row, equally long and due at the same time.
  struct Unwritten {
    uint64_t end_bytes = 0;  // The first of them is written when the kernel has taken so many.
    uint64_t sequence = 0;   // Its own.
    int64_t due_ns = 0;
    uint32_t each_bytes = 0;
    uint32_t count = 0;
    bool measured = false;
    bool waited = false;  // For the window or the socket, when it was due.
  };
  struct Unacked {
    int64_t due_ns = 0;
    uint64_t sequence = 0;
    uint32_t payload_bytes = 0;
    bool measured = false;
    bool used = false;
    bool is_released = false;  // QoS 2: PUBREC came.
  };
  // The packet with the longest payload, to be copied and patched.
  struct Frame {
    std::vector<uint8_t> bytes;
    size_t head_bytes = 0;  // Of its fixed header; offsets count from behind it.
    size_t topic_bytes = 0;
    size_t packet_id_offset = 0;    // Zero: QoS 0 has none.
    size_t correlation_offset = 0;  // Zero: no such property.
    size_t payload_offset = 0;
  };
  // Of who has more than one topic. The frames are those of the first, which is the shortest.
  struct Variety {
    const TopicPattern* pattern = nullptr;
    Frame naming;  // With topic and alias.
    // By topic: the first so many have aliases; whether this connection has named it.
    std::vector<bool> has_named;
  };
  Frame frame;
  Frame brief;  // With an alias instead of the topic; no bytes: there is none.
  // Of the two, for the next message and for all that follow it on this connection. Null: `variety`
  // says.
  const Frame* next = nullptr;
  const Frame* then = nullptr;
  std::unique_ptr<Variety> variety;  // Null: one topic.
  uint64_t sequence = 0;
  uint64_t answered = 0;  // Of a requester.
  uint64_t stored = 0;    // Retained messages, or their removals.
  uint32_t window = 0;    // Unacknowledged messages that it may have.
  uint32_t unacked_count = 0;
  uint16_t last_packet_id = 0;
  uint64_t written_bytes = 0;     // Of MQTT, that the kernel has taken.
  uint64_t handed_over_turn = 0;  // In which it was given what it has not confirmed.
  base::RingQueue<Unwritten> unwritten;
  // Whose connection ended before they were written; older than those of `unwritten`.
  base::RingQueue<Unwritten> again;
  std::vector<Unacked> unacked;  // By packet identifier, less one; QoS 1 and 2.
  bool is_nudged = false;        // May send one message that the loop has no room for.
  // When the last so many requests were due, a power of two, by number; empty: stamps say it.
  std::vector<int64_t> due_times;

  // Of a request that was sent. One that is too old was due no later than the oldest that is known.
  [[nodiscard]] int64_t DueOf(uint64_t number) const {
    const uint64_t oldest = sequence - std::min<uint64_t>(sequence, due_times.size());
    return due_times[std::max(number, oldest) & (due_times.size() - 1)];
  }

  // None if the broker takes less than before.
  [[nodiscard]] uint32_t WindowLeft() const {
    return window > unacked_count ? window - unacked_count : 0;
  }
};

// What a subscriber needs besides.
struct Hearing {
  absl::flat_hash_map<uint32_t, measure::FlowWindow> flows;  // By publisher.
  // The one that was asked for last: messages of a publisher come in rows.
  uint32_t last_publisher = 0;
  measure::FlowWindow* last_flow = nullptr;  // Null: none yet.
  // Topic Name of the last PUBLISH, as it came, length first. What equals it is valid, too.
  std::vector<uint8_t> last_topic;
  // Whose only topic that is; kNobody: it was not looked at.
  static constexpr uint32_t kNobody = UINT32_MAX;
  uint32_t last_topic_of = kNobody;
  using Absences = absl::flat_hash_map<uint32_t, measure::Absence>;
  std::unique_ptr<Absences> absences;  // By publisher. Null: it has always been there.

  [[nodiscard]] measure::FlowWindow& FlowOf(uint32_t publisher) {
    if (last_flow == nullptr || last_publisher != publisher) {
      last_publisher = publisher;
      last_flow = &flows[publisher];  // A new one may move the others, which nobody points to.
    }
    return *last_flow;
  }
};

// What a responder needs besides. What waits is bounded by what the requesters may have open.
struct Answering {
  struct Waiting {
    std::vector<uint8_t> packet;
    size_t packet_id_offset = 0;
  };
  struct Sent {
    uint64_t number = 0;  // In the order of sending.
    std::vector<uint8_t> packet;
    bool is_released = false;
  };
  std::vector<bool> used;                       // By packet identifier, less one.
  absl::flat_hash_map<uint16_t, Sent> unacked;  // To send again; only of sessions that are kept.
  uint64_t sent = 0;
  uint32_t unacked_count = 0;
  uint16_t last_packet_id = 0;
  base::RingQueue<Waiting> waiting;
};

struct Peer {
  const Role* role = nullptr;
  uint32_t number = 0;  // Among those of its role.
  int fd = -1;
  PeerState state = PeerState::kNew;
  uint16_t receive_maximum = 65'535;  // What CONNACK said,
  uint16_t topic_alias_maximum = 0;   // and this.
  bool receiving = false;
  bool sending = false;
  bool has_session = false;      // CONNACK said so.
  bool has_returned = false;     // This is not its first connection.
  std::vector<uint8_t> output;   // Waits to be sent;
  std::vector<uint8_t> in_send;  // is with the kernel,
  size_t in_send_offset = 0;     // from here on.
  iovec slice{};
  std::vector<uint8_t> partial;        // The front of a packet that is not whole yet.
  std::unique_ptr<PeerLayers> layers;  // Null: MQTT over the socket.
  std::unique_ptr<Publishing> publishing;
  std::unique_ptr<Hearing> hearing;
  std::unique_ptr<Answering> answering;
  std::unique_ptr<Kept> kept;

  // Bytes of MQTT that the kernel has not taken.
  [[nodiscard]] size_t unwritten_bytes() const {
    if (layers != nullptr) return layers->plain_in_send + output.size();
    return (sending ? in_send.size() - in_send_offset : 0) + output.size();
  }
};

}  // namespace ringmq::load
