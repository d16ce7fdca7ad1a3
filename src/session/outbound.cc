// SPDX-License-Identifier: Apache-2.0
#include "session/outbound.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "codec/limits.h"
#include "session/write_ack.h"

namespace ringmq::session {
namespace {

// Lengths, packet identifier, expiry, alias: at most so much beside what the message brings.
constexpr size_t kPublishOverheadBytesMax = 64;

// Writes the PUBLISH in the receiver's shape. False: over its Maximum Packet Size, and nothing was
// written. [MQTT-3.1.2-24]
bool WritePublish(codec::Publication& publication, const DeliveryOptions& options,
                  codec::PacketId id, bool dup, Link& link) {
  const codec::MessageContent& content = publication.content();
  // What fits its publisher's packet may not fit one with more around it.
  if (content.topic.size() + content.forwardable.size() + content.payload.size() +
          kPublishOverheadBytesMax + options.subscription_ids.size() * 5 >
      codec::kVarintMax) {
    return false;
  }
  codec::PublishShape shape{.version = link.version,
                            .qos = options.qos,
                            .retain = options.retain,
                            .dup = dup,
                            .subscription_ids = options.subscription_ids,
                            .topic_skip_bytes = link.topic_skip_bytes};
  codec::OutboundAliases::Assigned assigned;
  if (link.aliases != nullptr) {
    assigned = link.aliases->Use(publication.content().topic);
    shape.topic_alias = assigned.alias;
    shape.omit_topic = assigned.alias != 0 && !assigned.is_new;
  }
  if (link.maximum_packet_size != 0 &&
      publication.FrameSizeBytes(shape) > link.maximum_packet_size) {
    if (assigned.is_new) link.aliases->Forget(assigned.alias);
    return false;
  }
  publication.Write(shape, id, *link.sink);
  return true;
}

}  // namespace

Delivered Outbound::SendQos0(codec::Publication& publication, const DeliveryOptions& options,
                             Link& link) {
  RMQ_CHECK(options.qos == Qos::kAtMostOnce);
  // A retained replay comes in bounded steps and is never cut.
  if (!options.exempt_from_queue_limit && link.sink->pending_bytes() > link.output_bytes_max) {
    return Delivered::kDroppedOutputFull;
  }
  return WritePublish(publication, options, 0, false, link) ? Delivered::kSent
                                                            : Delivered::kDroppedTooLarge;
}

Delivered Outbound::Deliver(codec::Publication& publication, const DeliveryOptions& options,
                            Instant /*now*/, Link* link) {
  RMQ_CHECK(options.qos != Qos::kAtMostOnce);
  // What waits goes first. [MQTT-4.6.0-6]
  if (link == nullptr || wants_drain() || !MaySendNew(*link)) {
    return Enqueue(publication, options);
  }
  return SendNew(publication, options, *link) ? Delivered::kSent : Delivered::kDroppedTooLarge;
}

// [MQTT-4.9.0-2] [MQTT-3.3.4-9]
bool Outbound::WindowOpen(const Link& link) const {
  const uint32_t window = std::min<uint32_t>(link.receive_maximum, limits_.in_flight_max);
  return window_used_ < window && link.sink->pending_bytes() <= link.output_bytes_high;
}

// What is sent again needs no further slot: were it held back for want of one, a full table could
// never empty after a reconnection.
bool Outbound::MaySendNew(const Link& link) const {
  return slots_.size() < kSlotsMax && WindowOpen(link);
}

bool Outbound::SendNew(codec::Publication& publication, const DeliveryOptions& options,
                       Link& link) {
  // An identifier that is not in use. [MQTT-2.2.1-4]
  const codec::PacketId id = IdAt(slots_.size());
  if (!WritePublish(publication, options, id, false, link)) return false;
  Slot slot;
  slot.pending.message = publication.Keep();
  slot.pending.subscription_ids = SubscriptionIds(options.subscription_ids);
  slot.pending.shared_group = options.shared_group;
  slot.pending.qos = options.qos;
  slot.pending.retain = options.retain;
  slot.state = options.qos == Qos::kAtLeastOnce ? State::kAwaitPuback : State::kAwaitPubrec;
  slot.counted = true;
  slots_.push_back(std::move(slot));
  ++in_flight_;
  ++window_used_;
  return true;
}

Delivered Outbound::Enqueue(codec::Publication& publication, const DeliveryOptions& options) {
  const uint64_t size_bytes = publication.Keep().size_bytes();
  Delivered outcome = Delivered::kQueued;
  if (!options.exempt_from_queue_limit) {
    const auto full = [&] {
      return queue_.size() - exempt_queued_ >= limits_.queued_messages_max ||
             queued_bytes_ - exempt_bytes_ + size_bytes > limits_.queued_bytes_max;
    };
    if (full()) {
      switch (limits_.overflow) {
        case OverflowPolicy::kDropNew:
          return Delivered::kDroppedQueueFull;
        case OverflowPolicy::kDisconnect:
          return Delivered::kMustDisconnect;
        case OverflowPolicy::kDropOldest:
          break;
      }
      // Nothing makes room for what is larger than the whole budget, so nothing may die for it.
      if (size_bytes > limits_.queued_bytes_max || limits_.queued_messages_max == 0) {
        return Delivered::kDroppedQueueFull;
      }
      while (full()) DropOldest();
      outcome = Delivered::kReplacedOldest;
    }
  }
  Pending pending;
  pending.message = publication.Keep();
  pending.subscription_ids = SubscriptionIds(options.subscription_ids);
  pending.shared_group = options.shared_group;
  pending.qos = options.qos;
  pending.retain = options.retain;
  pending.exempt = options.exempt_from_queue_limit;
  if (pending.exempt) {
    ++exempt_queued_;
    exempt_bytes_ += size_bytes;
  }
  queue_.push_back(std::move(pending));
  queued_bytes_ += size_bytes;
  return outcome;
}

// Drops the oldest that counts against the limits: others would die without making room.
// Requires: there is one.
void Outbound::DropOldest() {
  size_t index = 0;
  // As many as a replay has put in front: few while connected (the broker waits for room), up to
  // the retained set while offline.
  while (queue_[index].exempt) ++index;
  RMQ_CHECK(queued_bytes_ >= queue_[index].message.size_bytes());
  queued_bytes_ -= queue_[index].message.size_bytes();
  for (; index > 0; --index) queue_[index] = std::move(queue_[index - 1]);
  queue_.pop_front();
}

Outbound::Pending Outbound::TakeFront() {
  Pending front = std::move(queue_.front());
  queue_.pop_front();
  const uint64_t size_bytes = front.message.size_bytes();
  RMQ_CHECK(queued_bytes_ >= size_bytes);
  queued_bytes_ -= size_bytes;
  if (front.exempt) {
    RMQ_CHECK(exempt_queued_ > 0);
    --exempt_queued_;
    exempt_bytes_ -= size_bytes;
  }
  return front;
}

size_t Outbound::DropQueuedIf(absl::FunctionRef<bool(const codec::MessageRef&)> unwanted) {
  const size_t count = queue_.size();
  for (size_t i = 0; i < count; ++i) {
    if (unwanted(queue_.front().message)) {
      (void)TakeFront();
      continue;
    }
    // To the back: after one round all that stay are in their old order.
    Pending kept = std::move(queue_.front());
    queue_.pop_front();
    queue_.push_back(std::move(kept));
  }
  return count - queue_.size();
}

codec::PacketId Outbound::IdAt(size_t index) const {
  return static_cast<codec::PacketId>((front_id_ - 1u + index) % kIdCount + 1);
}

Outbound::Slot* Outbound::Find(codec::PacketId id) {
  RMQ_CHECK(id != 0);
  const uint32_t index = (id + kIdCount - front_id_) % kIdCount;
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.state == State::kFree ? nullptr : &slot;
}

void Outbound::Complete(Slot& slot) {
  RMQ_CHECK(slot.state != State::kFree);
  RMQ_CHECK(in_flight_ > 0);
  --in_flight_;
  if (slot.counted) {
    RMQ_CHECK(window_used_ > 0);
    --window_used_;  // [MQTT-4.9.0-3]: never beyond where it began.
  }
  slot = Slot{};
  Trim();
}

void Outbound::Trim() {
  while (!slots_.empty() && slots_.front().state == State::kFree) {
    slots_.pop_front();
    front_id_ = static_cast<codec::PacketId>(front_id_ % kIdCount + 1);
    if (resend_from_ != SIZE_MAX && resend_from_ > 0) --resend_from_;
  }
  // What was still to be resent may have completed by itself (PUBCOMP); a message that comes now is
  // new and no part of it.
  if (resend_from_ >= slots_.size()) resend_from_ = SIZE_MAX;
  // Identifiers go on from the last one used, so the back may not shrink: a free slot there waits
  // for those before it like any other.
}

Verdict Outbound::OnPuback(codec::PacketId id, ReasonCode /*reason*/, Link& /*link*/) {
  Slot* const slot = Find(id);
  if (slot == nullptr) return Verdict::kUnknownPacketId;
  if (slot->state != State::kAwaitPuback) return Verdict::kProtocolError;
  // A failure ends the delivery like a success. [MQTT-4.3.2-3] [MQTT-4.8.2-6]
  Complete(*slot);
  return Verdict::kContinue;
}

Verdict Outbound::OnPubrec(codec::PacketId id, ReasonCode reason, Link& link) {
  Slot* const slot = Find(id);
  if (slot == nullptr) {
    // Not a crime: the peer may answer a publication from before we forgot the session. Telling
    // it lets it forget the packet identifier too.
    if (!IsFailure(reason)) {
      WriteAck(PacketType::kPubrel, id, ReasonCode::kPacketIdentifierNotFound, link);
    }
    return Verdict::kUnknownPacketId;
  }
  switch (slot->state) {
    case State::kAwaitPubrec:
      if (IsFailure(reason)) {
        Complete(*slot);
        return Verdict::kContinue;
      }
      // From here on a resend repeats the PUBREL, never the PUBLISH, so the message can go.
      // [MQTT-4.3.3-5] [MQTT-4.3.3-6]
      slot->pending.message = {};
      slot->state = State::kAwaitPubcomp;
      slot->pubrec_order = next_pubrec_order_++;
      [[fallthrough]];
    case State::kAwaitPubcomp:
      // In the order in which the PUBRECs came [MQTT-4.6.0-4]; a repeated PUBREC gets a repeated
      // PUBREL. [MQTT-4.3.3-4]
      WriteAck(PacketType::kPubrel, id, ReasonCode::kSuccess, link);
      return Verdict::kContinue;
    case State::kAwaitPuback:
      return Verdict::kProtocolError;  // PUBREC never answers QoS 1.
    case State::kFree:
      break;
  }
  RMQ_CHECK(false);  // Find() returns no free slot.
}

Verdict Outbound::OnPubcomp(codec::PacketId id, ReasonCode /*reason*/, Link& /*link*/) {
  Slot* const slot = Find(id);
  if (slot == nullptr) return Verdict::kUnknownPacketId;
  if (slot->state != State::kAwaitPubcomp) return Verdict::kProtocolError;
  Complete(*slot);
  return Verdict::kContinue;
}

Drained Outbound::Drain(Instant now, Link& link) {
  Drained drained;
  while (resend_from_ < slots_.size() && WindowOpen(link)) ResendNext(now, link, drained);
  if (resend_from_ >= slots_.size()) resend_from_ = SIZE_MAX;
  while (!queue_.empty() && resend_from_ == SIZE_MAX && MaySendNew(link)) {
    Pending next = TakeFront();
    codec::Publication publication(std::move(next.message), now, *link.scratch);
    if (publication.expired()) {  // [MQTT-3.3.2-5]
      ++drained.expired;
      continue;
    }
    const bool sent = SendNew(publication,
                              {.qos = next.qos,
                               .retain = next.retain,
                               .subscription_ids = next.subscription_ids.view(),
                               .shared_group = next.shared_group},
                              link);
    ++(sent ? drained.sent : drained.too_large);  // [MQTT-3.1.2-25]
  }
  return drained;
}

// Sends one unacknowledged PUBLISH once more, or finds that the slot needs none.
void Outbound::ResendNext(Instant now, Link& link, Drained& drained) {
  const size_t index = resend_from_++;
  Slot& slot = slots_[index];
  if (slot.state != State::kAwaitPuback && slot.state != State::kAwaitPubrec) return;
  codec::Publication publication(slot.pending.message, now, *link.scratch);
  const bool written = WritePublish(publication,
                                    {.qos = slot.pending.qos,
                                     .retain = slot.pending.retain,
                                     .subscription_ids = slot.pending.subscription_ids.view()},
                                    IdAt(index), true, link);  // [MQTT-3.3.1-1]
  if (!written) {
    // Too large for what the client accepts now: as if delivery had completed. [MQTT-3.1.2-25]
    Complete(slot);
    ++drained.too_large;
    return;
  }
  slot.counted = true;
  ++window_used_;
  ++drained.sent;
}

Drained Outbound::Resume(Instant now, Link& link) {
  ResendPubrels(link);
  resend_from_ = 0;
  return Drain(now, link);
}

// [MQTT-4.4.0-1] with the identifiers they had, in the order of the PUBRECs. [MQTT-4.6.0-4]
void Outbound::ResendPubrels(Link& link) {
  std::vector<std::pair<uint32_t, codec::PacketId>> waiting;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state == State::kAwaitPubcomp) {
      waiting.emplace_back(slots_[i].pubrec_order, IdAt(i));
    }
  }
  std::sort(waiting.begin(), waiting.end());
  for (const auto& [order, id] : waiting) {
    WriteAck(PacketType::kPubrel, id, ReasonCode::kSuccess, link);
  }
}

void Outbound::OnDisconnected() {
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i].counted = false;
  window_used_ = 0;
  resend_from_ = SIZE_MAX;
}

void Outbound::ForEachUndelivered(absl::FunctionRef<void(const Undelivered&)> visit) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.state != State::kAwaitPuback && slot.state != State::kAwaitPubrec) continue;
    visit({.message = slot.pending.message,
           .qos = slot.pending.qos,
           .shared_group = slot.pending.shared_group,
           .sent = true});
  }
  for (size_t i = 0; i < queue_.size(); ++i) {
    visit({.message = queue_[i].message,
           .qos = queue_[i].qos,
           .shared_group = queue_[i].shared_group,
           .sent = false});
  }
}

void Outbound::Audit() const {
  uint32_t in_flight = 0;
  uint32_t counted = 0;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    in_flight += slot.state != State::kFree ? 1 : 0;
    counted += slot.counted ? 1 : 0;
    const bool keeps_message =
        slot.state == State::kAwaitPuback || slot.state == State::kAwaitPubrec;
    RMQ_CHECK(keeps_message == static_cast<bool>(slot.pending.message));
  }
  RMQ_CHECK(slots_.empty() || slots_.front().state != State::kFree);
  RMQ_CHECK(in_flight == in_flight_);
  RMQ_CHECK(counted == window_used_);
  uint64_t bytes = 0;
  uint64_t exempt_bytes = 0;
  uint32_t exempt = 0;
  for (size_t i = 0; i < queue_.size(); ++i) {
    bytes += queue_[i].message.size_bytes();
    exempt += queue_[i].exempt ? 1 : 0;
    exempt_bytes += queue_[i].exempt ? queue_[i].message.size_bytes() : 0;
  }
  RMQ_CHECK(bytes == queued_bytes_);
  RMQ_CHECK(exempt == exempt_queued_);
  RMQ_CHECK(exempt_bytes == exempt_bytes_);
}

}  // namespace ringmq::session
