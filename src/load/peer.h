// One MQTT connection of the load tool: what it remembers. The worker does everything with it.
//
// Kept small, since there may be a million that are idle: what only some need is behind a pointer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ring_queue.h"
#include "load/plan.h"
#include "measure/flow.h"

namespace ringmq::load {

enum class PeerState : uint8_t {
  kNew,
  kConnecting,
  kGreeting,     // CONNECT sent.
  kSubscribing,  // SUBSCRIBE sent.
  kReady,
  kEnded,
};

// What a publisher needs besides.
struct Publishing {
  struct Unwritten {
    uint64_t end_bytes = 0;  // Written when the kernel has taken so many.
    uint64_t sequence = 0;
    int64_t due_ns = 0;
    bool measured = false;
  };
  struct Unacked {
    int64_t due_ns = 0;
    bool measured = false;
    bool used = false;
  };
  // The packet, to be copied and patched: packet identifier, stamp.
  std::vector<uint8_t> frame;
  size_t packet_id_offset = 0;  // Zero: QoS 0 has none.
  size_t payload_offset = 0;
  uint64_t sequence = 0;
  uint32_t unacked_count = 0;
  uint16_t last_packet_id = 0;
  uint64_t appended_bytes = 0;
  uint64_t written_bytes = 0;
  base::RingQueue<Unwritten> unwritten;
  std::vector<Unacked> unacked;  // By packet identifier, less one; QoS 1 and 2.
};

// What a subscriber needs besides.
struct Hearing {
  absl::flat_hash_map<uint32_t, measure::FlowWindow> flows;  // By publisher.
};

struct Peer {
  const Role* role = nullptr;
  int fd = -1;
  PeerState state = PeerState::kNew;
  bool receiving = false;
  bool sending = false;
  std::vector<uint8_t> output;   // Waits to be sent;
  std::vector<uint8_t> in_send;  // is with the kernel,
  size_t in_send_offset = 0;     // from here on.
  iovec slice{};
  std::vector<uint8_t> partial;  // The front of a packet that is not whole yet.
  std::unique_ptr<Publishing> publishing;
  std::unique_ptr<Hearing> hearing;
};

}  // namespace ringmq::load
