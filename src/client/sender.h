// The client's publishes: a queue of what was never sent, and behind it what was sent and is not
// finished.
//
//   queue --> kAwaitPuback --PUBACK-----------------------------> resolved   (QoS 1)
//         --> kAwaitPubrec --PUBREC--> kAwaitPubcomp --PUBCOMP--> resolved   (QoS 2)
//                   |
//                   +------PUBREC with a failure---------------> resolved
//         --> written into the output, waits for the kernel ---> resolved   (QoS 0)
//
// Knows no socket, thread or clock. What always holds: every publish that came in is resolved
// exactly once; the queue goes out in order; the slots are in the order of sending, and the front
// one is not finished.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/ring_queue.h"
#include "base/time.h"
#include "client/packet_ids.h"
#include "client/pending.h"
#include "client/record_keeper.h"
#include "client/wire.h"
#include "codec/publication.h"
#include "codec/topic_alias.h"
#include "ringmq/options.h"

namespace ringmq::client {

// The present connection, as far as a sender may know it.
struct SenderLink {
  Wire* wire = nullptr;
  codec::PublicationScratch* scratch = nullptr;
  codec::OutboundAliases* aliases = nullptr;  // Null when none are used.
  uint16_t receive_maximum = 65535;
  uint32_t maximum_packet_size = 0;  // Zero: none.
  Qos maximum_qos = Qos::kExactlyOnce;
  bool retain_available = true;
  bool refuse_properties = false;
};

struct Outgoing {
  codec::MessageRef message;
  PublishPromise promise;
};

struct SenderOptions {
  uint16_t in_flight_max = 1024;
  Overflow overflow = Overflow::kReject;
  OutboundLimits limits{};
  SessionLoss session_loss = SessionLoss::kPublishAgain;
};

// Why a message is not sent: the reason that a server would give, and a sentence if there is one.
struct Refused {
  ReasonCode reason = ReasonCode::kSuccess;
  std::string text{};
};

class Sender {
 public:
  // Bytes in the output above which the queue waits: enough for the kernel to be busy meanwhile.
  static constexpr size_t kOutputBytesHigh = 512 << 10;

  Sender(const SenderOptions& options, PacketIds& ids, RecordKeeper& records)
      : options_(options), ids_(ids), records_(records) {}
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Takes a publish; Flush() sends it.
  void Publish(Outgoing outgoing);
  // Of an earlier life. Publishes first, in their order, before the first connection.
  void Restore(const StoredRecord& record, Instant expires);

  // Sends as much as window, identifiers and output allow. Without a link: nothing.
  void Flush(Instant now);
  // A connection is there. Returns what became of unfinished messages when the server has no
  // session; otherwise they go again, in order, PUBREL first. [MQTT-4.4.0-1]
  struct Losses {
    uint32_t published_again = 0;
    uint32_t given_up = 0;
  };
  Losses OnConnected(const SenderLink& link, bool session_present, Instant now);
  void OnDisconnected();

  // False: nobody waits for this answer. A protocol error for PUBACK; PUBREC is answered.
  bool OnPuback(const codec::Ack& ack);
  bool OnPubrec(const codec::Ack& ack);
  bool OnPubcomp(const codec::Ack& ack);
  // The kernel has taken so many of all bytes that were written on this connection.
  void OnWritten(uint64_t total_bytes);

  // Ends queued messages whose time has come.
  void Expire(Instant now);
  // When to call Expire(); Max: never.
  [[nodiscard]] Instant next_expiry() const { return next_expiry_; }

  // Ends one that is still in the queue with kCancelled.
  bool Cancel(const void* identity);
  // Drops queued messages until both limits hold (policies kDropOldest, kDropOldestQos0).
  void Trim();
  // Ends everything.
  void Shutdown();

  // Nothing is queued, in flight or waits for the kernel.
  [[nodiscard]] bool idle() const { return queue_.empty() && slots_.empty() && unwritten_.empty(); }
  [[nodiscard]] uint32_t queued() const { return static_cast<uint32_t>(queue_.size()); }
  // Of the queue, those that Overflow::kDropOldestQos0 may drop.
  [[nodiscard]] uint32_t queued_qos0() const { return queued_qos0_; }
  [[nodiscard]] uint64_t queued_qos0_bytes() const { return queued_qos0_bytes_; }
  [[nodiscard]] uint32_t in_flight() const { return in_flight_; }
  // Everything unfinished: what the budget of the queue counts.
  [[nodiscard]] uint64_t held_bytes() const { return held_bytes_; }
  [[nodiscard]] uint32_t held_messages() const { return held_messages_; }
  [[nodiscard]] uint64_t sent_messages() const { return sent_messages_; }
  void Audit() const;

 private:
  enum class State : uint8_t { kFree, kAwaitPuback, kAwaitPubrec, kAwaitPubcomp };
  struct Queued {
    codec::MessageRef message;
    PublishPromise promise;
    uint64_t key = 0;
  };
  struct Slot {
    codec::MessageRef message;  // Empty once PUBREC has come.
    PublishPromise promise;
    uint64_t key = 0;
    uint32_t size_bytes = 0;
    uint32_t pubrec_order = 0;
    codec::PacketId id = 0;
    State state = State::kFree;
    bool counted = false;   // In window_used_.
    bool recovers = false;  // Its PUBREL was sent on an earlier connection.
  };
  struct Unwritten {
    PublishPromise promise;
    uint64_t end_bytes = 0;  // Written when the kernel has taken so many.
    uint32_t size_bytes = 0;
  };
  static constexpr size_t kSlotsMax = 60'000;
  static constexpr Duration kExpireStep = 10 * kMillisecond;

  [[nodiscard]] Slot* Find(codec::PacketId id, State state);
  [[nodiscard]] bool WindowOpen() const;
  // Why the connection cannot carry it; kSuccess: it can.
  [[nodiscard]] Refused Refusal(codec::Publication& publication,
                                const codec::PublishShape& shape) const;
  [[nodiscard]] bool SendFront(Instant now);
  void SendQos0(Queued& front, codec::Publication& publication, codec::PublishShape& shape);
  [[nodiscard]] bool SendNew(Queued& front, codec::Publication& publication,
                             codec::PublishShape& shape);
  void Write(codec::Publication& publication, codec::PublishShape& shape, codec::PacketId id);
  void ResendPubrels();
  void ResendNext(Instant now);
  void Complete(Slot& slot, Delivery delivery);
  void Give(PublishPromise& promise, Delivery delivery, size_t size_bytes);
  void EndQueued(size_t index, Outcome outcome, Refused why = {});
  void CompactQueue();
  void RequeueSlots(Losses& losses);
  void NoteExpiry(Instant expires);

  const SenderOptions options_;
  PacketIds& ids_;
  RecordKeeper& records_;
  SenderLink link_;  // wire is null without a connection.

  base::RingQueue<Queued> queue_;
  base::RingQueue<Slot> slots_;
  base::RingQueue<Unwritten> unwritten_;
  absl::flat_hash_map<codec::PacketId, uint64_t> sequence_of_;  // Of slots that are not free.
  uint64_t front_sequence_ = 0;                                 // Of slots_[0].
  size_t resend_from_ = SIZE_MAX;  // First slot that this connection has not been sent yet.
  uint64_t next_key_ = 1;
  uint32_t in_flight_ = 0;
  uint32_t window_used_ = 0;
  uint32_t next_pubrec_order_ = 1;
  uint32_t held_messages_ = 0;
  uint32_t queued_qos0_ = 0;
  uint64_t queued_qos0_bytes_ = 0;
  uint64_t held_bytes_ = 0;
  uint64_t sent_messages_ = 0;
  Instant next_expiry_ = Instant::Max();
};

}  // namespace ringmq::client
