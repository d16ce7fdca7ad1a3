// The sender's half of QoS 1 and QoS 2, and the queue in front of it.
//
//   queue --> kFree --Publish--> kAwaitPuback --PUBACK------------------------------> kFree  (QoS
//   1)
//             kFree --Publish--> kAwaitPubrec --PUBREC--> kAwaitPubcomp --PUBCOMP--> kFree  (QoS 2)
//                                     |
//                                     +------PUBREC with a failure code-------------> kFree
//
// In flight is one queue of slots in the order of sending. Packet identifiers are given out one
// after the other, so the slot of an identifier is found by subtraction, resending in the original
// order is walking the queue, and an identifier in use is never given out twice: a slot that
// completes out of turn stays, free, until those before it have completed too.
//
// What always holds: the front slot is not free; window_used_ counts the slots whose
// PUBLISH went out on the present connection and which are not complete.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/ring_queue.h"
#include "codec/publication.h"
#include "session/session.h"

namespace ringmq::session {

// Nearly always none or one.
class SubscriptionIds {
 public:
  SubscriptionIds() = default;
  explicit SubscriptionIds(std::span<const uint32_t> ids) : first_(ids.empty() ? 0 : ids[0]) {
    if (ids.size() > 1) {
      more_ = std::make_unique<std::vector<uint32_t>>(ids.begin(), ids.end());
    }
  }
  [[nodiscard]] std::span<const uint32_t> view() const {
    if (more_ != nullptr) return *more_;
    return {&first_, first_ != 0 ? size_t{1} : size_t{0}};
  }

 private:
  uint32_t first_ = 0;
  std::unique_ptr<std::vector<uint32_t>> more_;
};

class Outbound {
 public:
  explicit Outbound(const SessionLimits& limits) : limits_(limits) {}

  Delivered Deliver(codec::Publication& publication, const DeliveryOptions& options, Instant now,
                    Link* link);
  Verdict OnPuback(codec::PacketId id, ReasonCode reason, Link& link);
  Verdict OnPubrec(codec::PacketId id, ReasonCode reason, Link& link);
  Verdict OnPubcomp(codec::PacketId id, ReasonCode reason, Link& link);
  Drained Drain(Instant now, Link& link);
  Drained Resume(Instant now, Link& link);
  void OnDisconnected();

  void ForEachUndelivered(absl::FunctionRef<void(const Undelivered&)> visit) const;
  size_t DropQueuedIf(absl::FunctionRef<bool(const codec::MessageRef&)> unwanted);
  [[nodiscard]] bool wants_drain() const { return resend_from_ < slots_.size() || !queue_.empty(); }
  [[nodiscard]] bool idle() const { return slots_.empty() && queue_.empty(); }
  [[nodiscard]] uint32_t queued_messages() const { return static_cast<uint32_t>(queue_.size()); }
  [[nodiscard]] uint64_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] uint32_t in_flight() const { return in_flight_; }
  void Audit() const;

  // A QoS 0 message needs nothing remembered.
  static Delivered SendQos0(codec::Publication& publication, const DeliveryOptions& options,
                            Link& link);

 private:
  enum class State : uint8_t { kFree, kAwaitPuback, kAwaitPubrec, kAwaitPubcomp };

  struct Pending {
    codec::MessageRef message;  // Empty once PUBREC has come.
    SubscriptionIds subscription_ids;
    uint32_t shared_group = 0;
    Qos qos = Qos::kAtLeastOnce;
    bool retain = false;
    bool exempt = false;
  };
  struct Slot {
    Pending pending;
    State state = State::kFree;
    bool counted = false;  // In window_used_.
    uint32_t pubrec_order = 0;
  };

  // Slots, free ones included; below the number of packet identifiers with room to spare.
  static constexpr size_t kSlotsMax = 60'000;
  static constexpr uint32_t kIdCount = 65'535;

  [[nodiscard]] Slot* Find(codec::PacketId id);
  [[nodiscard]] codec::PacketId IdAt(size_t index) const;
  void Complete(Slot& slot);
  void Trim();
  [[nodiscard]] bool WindowOpen(const Link& link) const;
  [[nodiscard]] bool MaySendNew(const Link& link) const;
  [[nodiscard]] bool SendNew(codec::Publication& publication, const DeliveryOptions& options,
                             Link& link);
  Delivered Enqueue(codec::Publication& publication, const DeliveryOptions& options);
  void DropOldest();
  [[nodiscard]] Pending TakeFront();
  void ResendPubrels(Link& link);
  void ResendNext(Instant now, Link& link, Drained& drained);

  const SessionLimits& limits_;
  base::RingQueue<Slot> slots_;
  base::RingQueue<Pending> queue_;
  uint64_t queued_bytes_ = 0;
  uint32_t exempt_queued_ = 0;  // Of queue_, those that do not count against the limits.
  uint64_t exempt_bytes_ = 0;
  uint32_t in_flight_ = 0;  // Slots that are not free.
  uint32_t window_used_ = 0;
  uint32_t next_pubrec_order_ = 1;
  size_t resend_from_ = SIZE_MAX;  // First slot that a resumed connection has not been sent yet.
  codec::PacketId front_id_ = 1;   // Of slots_[0], or the next one to give out.
};

}  // namespace ringmq::session
