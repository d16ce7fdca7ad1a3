// SPDX-License-Identifier: Apache-2.0
#include "client/sender.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "client/packet_limit.h"
#include "client/user_properties.h"
#include "codec/limits.h"

namespace ringmq::client {
namespace {

Delivery DeliveryOf(Outcome outcome, const codec::Ack& ack) {
  return {.outcome = outcome,
          .reason = ack.reason,
          .reason_string = std::string(ack.reason_string),
          .user_properties = AnswerProperties(UserPropertiesOf(ack.properties))};
}

}  // namespace

Sender::~Sender() { RMQ_CHECK(idle()); }

void Sender::Publish(Outgoing outgoing) {
  const codec::MessageRef& message = outgoing.message;
  ++held_messages_;
  held_bytes_ += message.size_bytes();
  NoteExpiry(message.expires());
  const uint64_t key = next_key_++;
  if (message.qos() != Qos::kAtMostOnce) {
    records_.Put(StoredRecord::Kind::kQueued, key, 0, message);
  } else {
    ++queued_qos0_;
    queued_qos0_bytes_ += message.size_bytes();
  }
  queue_.push_back({std::move(outgoing.message), std::move(outgoing.promise), key});
}

void Sender::Restore(const StoredRecord& record, Instant expires) {
  RMQ_CHECK(link_.wire == nullptr);
  next_key_ = std::max(next_key_, record.key + 1);
  codec::MessageRef message;
  if (record.kind != StoredRecord::Kind::kReceived) {
    const auto bytes = [](std::string_view text) {
      return codec::Bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
    };
    message = codec::MessageRef::Make({.topic = record.topic,
                                       .payload = bytes(record.payload),
                                       .forwardable = bytes(record.properties),
                                       .qos = record.qos,
                                       .retain = record.retain,
                                       .expires = expires});
  }
  const size_t size_bytes = message ? message.size_bytes() : 0;
  ++held_messages_;
  held_bytes_ += size_bytes;
  if (record.kind == StoredRecord::Kind::kQueued) {
    NoteExpiry(expires);
    queue_.push_back({std::move(message), {}, record.key});
    return;
  }
  // A damaged store must not bring two owners of one identifier.
  if (record.packet_id == 0 || ids_.in_use(record.packet_id)) {
    --held_messages_;
    held_bytes_ -= size_bytes;
    return;
  }
  ids_.Claim(record.packet_id);
  sequence_of_[record.packet_id] = front_sequence_ + slots_.size();
  ++in_flight_;
  Slot slot{.message = std::move(message), .promise = {}, .key = record.key};
  slot.size_bytes = static_cast<uint32_t>(size_bytes);
  slot.id = record.packet_id;
  slot.state = record.kind == StoredRecord::Kind::kReceived ? State::kAwaitPubcomp
               : record.qos == Qos::kExactlyOnce            ? State::kAwaitPubrec
                                                            : State::kAwaitPuback;
  if (slot.state == State::kAwaitPubcomp) slot.pubrec_order = next_pubrec_order_++;
  slots_.push_back(std::move(slot));
}

// --- Sending.

bool Sender::WindowOpen() const {
  return window_used_ < std::min(options_.in_flight_max, link_.receive_maximum) &&
         slots_.size() < kSlotsMax;
}

void Sender::Flush(Instant now) {
  if (link_.wire == nullptr) return;
  while (resend_from_ < slots_.size() && link_.wire->sink().pending_bytes() < kOutputBytesHigh &&
         window_used_ < std::min(options_.in_flight_max, link_.receive_maximum)) {
    ResendNext(now);
  }
  if (resend_from_ < slots_.size()) return;
  resend_from_ = SIZE_MAX;  // What is sent from here on is not sent again.
  while (!queue_.empty() && link_.wire->sink().pending_bytes() < kOutputBytesHigh) {
    if (!SendFront(now)) return;
    queue_.pop_front();
  }
}

// False: the front one has to wait.
bool Sender::SendFront(Instant now) {
  Queued& front = queue_.front();
  const Qos qos = front.message.qos();
  if (qos != Qos::kAtMostOnce && !WindowOpen()) return false;
  codec::Publication publication(front.message, now, *link_.scratch);
  if (publication.expired()) {
    EndQueued(0, Outcome::kExpired);
    return true;
  }
  codec::PublishShape shape{
      .version = link_.wire->version(), .qos = qos, .retain = front.message.retain()};
  Refused refusal = Refusal(publication, shape);
  if (refusal.reason != ReasonCode::kSuccess) {
    EndQueued(0, Outcome::kInvalid, std::move(refusal));
    return true;
  }
  if (qos != Qos::kAtMostOnce) return SendNew(front, publication, shape);
  SendQos0(front, publication, shape);
  return true;
}

Refused Sender::Refusal(codec::Publication& publication, const codec::PublishShape& shape) const {
  if (shape.qos > link_.maximum_qos) return {ReasonCode::kQosNotSupported, {}};  // [MQTT-3.2.2-11]
  if (shape.retain && !link_.retain_available) {
    return {ReasonCode::kRetainNotSupported, {}};  // [MQTT-3.2.2-14]
  }
  if (link_.refuse_properties && !publication.content().forwardable.empty()) {
    return {ReasonCode::kUnsupportedProtocolVersion, {}};
  }
  const size_t size_bytes = publication.FrameSizeBytes(shape);
  const size_t size_bytes_max = SizeBytesMaxOf(link_.maximum_packet_size);
  if (size_bytes <= size_bytes_max) return {};
  // [MQTT-3.2.2-15]
  return {ReasonCode::kPacketTooLarge, TooLargeText("PUBLISH", size_bytes, size_bytes_max)};
}

void Sender::Write(codec::Publication& publication, codec::PublishShape& shape,
                   codec::PacketId id) {
  if (link_.aliases != nullptr) {
    const auto assigned = link_.aliases->Use(publication.content().topic);
    shape.topic_alias = assigned.alias;
    shape.omit_topic = assigned.alias != 0 && !assigned.is_new;
    // The alias may make the first packet that carries it too large.
    if (assigned.is_new && link_.maximum_packet_size != 0 &&
        publication.FrameSizeBytes(shape) > link_.maximum_packet_size) {
      link_.aliases->Forget(assigned.alias);
      shape.topic_alias = 0;
    }
  }
  const size_t size_bytes = publication.FrameSizeBytes(shape);
  publication.Write(shape, id, link_.wire->sink());
  link_.wire->Note(PacketType::kPublish, id, size_bytes);
  ++sent_messages_;
}

void Sender::SendQos0(Queued& front, codec::Publication& publication, codec::PublishShape& shape) {
  const size_t size_bytes = front.message.size_bytes();
  --queued_qos0_;
  queued_qos0_bytes_ -= size_bytes;
  Write(publication, shape, 0);
  unwritten_.push_back(
      {std::move(front.promise), link_.wire->appended_bytes(), static_cast<uint32_t>(size_bytes)});
}

// False: no identifier is free.
bool Sender::SendNew(Queued& front, codec::Publication& publication, codec::PublishShape& shape) {
  const codec::PacketId id = ids_.Take();
  if (id == 0) return false;
  records_.Put(StoredRecord::Kind::kSent, front.key, id, front.message);
  Write(publication, shape, id);
  Slot slot{.message = front.message, .promise = std::move(front.promise), .key = front.key};
  slot.size_bytes = static_cast<uint32_t>(front.message.size_bytes());
  slot.id = id;
  slot.state = shape.qos == Qos::kExactlyOnce ? State::kAwaitPubrec : State::kAwaitPuback;
  slot.counted = true;
  sequence_of_[id] = front_sequence_ + slots_.size();
  slots_.push_back(std::move(slot));
  ++in_flight_;
  ++window_used_;
  return true;
}

// --- Life of a connection.

Sender::Losses Sender::OnConnected(const SenderLink& link, bool session_present, Instant now) {
  RMQ_CHECK(link_.wire == nullptr);
  RMQ_CHECK(window_used_ == 0);
  link_ = link;
  Losses losses;
  if (!session_present) {
    RequeueSlots(losses);
  } else {
    ResendPubrels();
    resend_from_ = 0;
  }
  Flush(now);
  return losses;
}

void Sender::OnDisconnected() {
  link_ = {};
  window_used_ = 0;
  resend_from_ = SIZE_MAX;
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i].counted = false;
  while (!unwritten_.empty()) {
    Unwritten& front = unwritten_.front();
    Give(front.promise, {.outcome = Outcome::kNeverSent}, front.size_bytes);
    unwritten_.pop_front();
  }
}

// In the order in which the PUBRECs came. [MQTT-4.6.0-4]
void Sender::ResendPubrels() {
  std::vector<const Slot*> waiting;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::kAwaitPubcomp) continue;
    slots_[i].counted = true;
    slots_[i].recovers = true;
    ++window_used_;
    waiting.push_back(&slots_[i]);
  }
  std::sort(waiting.begin(), waiting.end(), [](const Slot* left, const Slot* right) {
    return left->pubrec_order < right->pubrec_order;
  });
  for (const Slot* slot : waiting)
    link_.wire->WriteAck(PacketType::kPubrel, slot->id, ReasonCode::kSuccess);
}

void Sender::ResendNext(Instant now) {
  Slot& slot = slots_[resend_from_++];
  if (slot.state != State::kAwaitPuback && slot.state != State::kAwaitPubrec) return;
  codec::Publication publication(slot.message, now, *link_.scratch);
  codec::PublishShape shape{.version = link_.wire->version(),
                            .qos = slot.message.qos(),
                            .retain = slot.message.retain(),
                            .dup = true};  // [MQTT-3.3.1-1]
  // A server that took it before and now allows less: it would end the connection again and
  // again.
  Refused refusal = Refusal(publication, shape);
  if (refusal.reason != ReasonCode::kSuccess) {
    Complete(slot, {.outcome = Outcome::kRefused,
                    .reason = refusal.reason,
                    .reason_string = std::move(refusal.text)});
    return;
  }
  slot.counted = true;
  ++window_used_;
  Write(publication, shape, slot.id);
}

// The server knows nothing of what is in flight: it becomes new again, or is given up.
void Sender::RequeueSlots(Losses& losses) {
  base::RingQueue<Queued> queue;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.state == State::kFree) continue;
    sequence_of_.erase(slot.id);
    ids_.Return(slot.id);
    --in_flight_;
    // After PUBREC the message was the server's, and it is not ours any more to send.
    const bool again = slot.message && options_.session_loss == SessionLoss::kPublishAgain;
    if (again) {
      ++losses.published_again;
      records_.Put(StoredRecord::Kind::kQueued, slot.key, 0, slot.message);
      NoteExpiry(slot.message.expires());
      queue.push_back({std::move(slot.message), std::move(slot.promise), slot.key});
    } else {
      ++losses.given_up;
      records_.Remove(StoredRecord::Kind::kSent, slot.key);
      Give(slot.promise, {.outcome = Outcome::kSessionLost}, slot.size_bytes);
    }
    slot.state = State::kFree;
  }
  front_sequence_ += slots_.size();
  slots_.clear();
  RMQ_CHECK(in_flight_ == 0);
  while (!queue_.empty()) {
    queue.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_ = std::move(queue);
}

// --- Answers.

Sender::Slot* Sender::Find(codec::PacketId id, State state) {
  const auto found = sequence_of_.find(id);
  if (found == sequence_of_.end()) return nullptr;
  RMQ_CHECK(found->second >= front_sequence_);
  Slot& slot = slots_[found->second - front_sequence_];
  RMQ_CHECK(slot.id == id);
  return slot.state == state ? &slot : nullptr;
}

bool Sender::OnPuback(const codec::Ack& ack) {
  Slot* const slot = Find(ack.packet_id, State::kAwaitPuback);
  if (slot == nullptr) return false;
  const bool failed = IsFailure(ack.reason);
  Complete(*slot, DeliveryOf(failed ? Outcome::kRefused : Outcome::kAcknowledged, ack));
  return true;
}

bool Sender::OnPubrec(const codec::Ack& ack) {
  const codec::PacketId id = ack.packet_id;
  if (Slot* const slot = Find(id, State::kAwaitPubrec); slot != nullptr) {
    if (IsFailure(ack.reason)) {  // The identifier and the window are free again. [MQTT-4.9.0-2]
      Complete(*slot, DeliveryOf(Outcome::kRefused, ack));
      return true;
    }
    slot->message = {};  // From here on PUBREL is repeated, never PUBLISH. [MQTT-4.3.3-6]
    slot->state = State::kAwaitPubcomp;
    slot->pubrec_order = next_pubrec_order_++;
    records_.PutId(StoredRecord::Kind::kReceived, slot->key, id, Qos::kExactlyOnce);
    link_.wire->WriteAck(PacketType::kPubrel, id, ReasonCode::kSuccess);
    return true;
  }
  // A repeated PUBREC gets a repeated PUBREL; an unknown one is told so. [MQTT-4.3.3-4]
  const bool repeated = Find(id, State::kAwaitPubcomp) != nullptr;
  link_.wire->WriteAck(PacketType::kPubrel, id,
                       repeated ? ReasonCode::kSuccess : ReasonCode::kPacketIdentifierNotFound);
  return repeated;
}

bool Sender::OnPubcomp(const codec::Ack& ack) {
  Slot* const slot = Find(ack.packet_id, State::kAwaitPubcomp);
  if (slot == nullptr) return false;
  // The server may have finished, and its PUBCOMP be lost with the connection: then it does not
  // know the identifier any more, which is "not an error during recovery". 5.0 s3.7.2.1
  const bool finished_before =
      slot->recovers && ack.reason == ReasonCode::kPacketIdentifierNotFound;
  const bool failed = IsFailure(ack.reason) && !finished_before;
  Complete(*slot, DeliveryOf(failed ? Outcome::kRefused : Outcome::kCompleted, ack));
  return true;
}

void Sender::OnWritten(uint64_t total_bytes) {
  while (!unwritten_.empty() && unwritten_.front().end_bytes <= total_bytes) {
    Unwritten done = std::move(unwritten_.front());
    unwritten_.pop_front();
    Give(done.promise, {.outcome = Outcome::kWritten}, done.size_bytes);
  }
}

void Sender::Complete(Slot& slot, Delivery delivery) {
  RMQ_CHECK(slot.state != State::kFree);
  records_.Remove(StoredRecord::Kind::kSent, slot.key);
  ids_.Return(slot.id);
  sequence_of_.erase(slot.id);
  --in_flight_;
  if (slot.counted) --window_used_;
  slot.state = State::kFree;
  slot.message = {};
  PublishPromise promise = std::move(slot.promise);
  const uint32_t size_bytes = slot.size_bytes;
  while (!slots_.empty() && slots_.front().state == State::kFree) {
    slots_.pop_front();
    ++front_sequence_;
    if (resend_from_ != SIZE_MAX && resend_from_ > 0) --resend_from_;
  }
  Give(promise, std::move(delivery), size_bytes);
}

void Sender::Give(PublishPromise& promise, Delivery delivery, size_t size_bytes) {
  RMQ_CHECK(held_messages_ > 0);
  RMQ_CHECK(held_bytes_ >= size_bytes);
  --held_messages_;
  held_bytes_ -= size_bytes;
  promise.Resolve(std::move(delivery));
}

// --- The queue.

void Sender::NoteExpiry(Instant expires) {
  if (expires < next_expiry_) next_expiry_ = expires;
}

// Leaves the place empty; the caller pops or compacts.
void Sender::EndQueued(size_t index, Outcome outcome, Refused why) {
  Queued& queued = queue_[index];
  if (queued.message.qos() != Qos::kAtMostOnce) {
    records_.Remove(StoredRecord::Kind::kQueued, queued.key);
  } else {
    --queued_qos0_;
    queued_qos0_bytes_ -= queued.message.size_bytes();
  }
  const size_t size_bytes = queued.message.size_bytes();
  queued.message = {};
  Give(queued.promise,
       {.outcome = outcome, .reason = why.reason, .reason_string = std::move(why.text)},
       size_bytes);
}

void Sender::CompactQueue() {
  base::RingQueue<Queued> kept;
  while (!queue_.empty()) {
    if (queue_.front().message) kept.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_ = std::move(kept);
}

// Looks at the whole queue, but at most every kExpireStep.
void Sender::Expire(Instant now) {
  if (now < next_expiry_) return;
  next_expiry_ = Instant::Max();
  bool any = false;
  for (size_t i = 0; i < queue_.size(); ++i) {
    const Instant expires = queue_[i].message.expires();
    if (expires <= now) {
      EndQueued(i, Outcome::kExpired);
      any = true;
    } else {
      NoteExpiry(std::max(expires, expires == Instant::Max() ? expires : now + kExpireStep));
    }
  }
  if (any) CompactQueue();
}

bool Sender::Cancel(const void* identity) {
  for (size_t i = 0; i < queue_.size(); ++i) {
    if (queue_[i].promise.identity() != identity) continue;
    EndQueued(i, Outcome::kCancelled);
    CompactQueue();
    return true;
  }
  return false;
}

void Sender::Trim() {
  const bool only_qos0 = options_.overflow == Overflow::kDropOldestQos0;
  if (options_.overflow != Overflow::kDropOldest && !only_qos0) return;
  bool any = false;
  for (size_t i = 0; i < queue_.size(); ++i) {
    // One alone may be larger than the budget.
    if (held_messages_ <= 1) break;
    if (held_messages_ <= options_.limits.messages && held_bytes_ <= options_.limits.bytes) break;
    if (only_qos0 && queue_[i].message.qos() != Qos::kAtMostOnce) continue;
    EndQueued(i, Outcome::kOverflow);
    any = true;
  }
  if (any) CompactQueue();
}

void Sender::Shutdown() {
  OnDisconnected();
  while (!slots_.empty()) {
    Slot& front = slots_.front();
    if (front.state != State::kFree) {
      ids_.Return(front.id);
      --in_flight_;
      Give(front.promise, {.outcome = Outcome::kShutdown}, front.size_bytes);
    }
    slots_.pop_front();
  }
  sequence_of_.clear();
  while (!queue_.empty()) {
    Queued front = std::move(queue_.front());
    queue_.pop_front();
    if (front.message.qos() == Qos::kAtMostOnce) {
      --queued_qos0_;
      queued_qos0_bytes_ -= front.message.size_bytes();
    }
    Give(front.promise, {.outcome = Outcome::kShutdown}, front.message.size_bytes());
  }
}

void Sender::Audit() const {
  uint32_t in_flight = 0;
  uint32_t counted = 0;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.state == State::kFree) continue;
    ++in_flight;
    if (slot.counted) ++counted;
    RMQ_CHECK(ids_.in_use(slot.id));
    const auto found = sequence_of_.find(slot.id);
    RMQ_CHECK(found != sequence_of_.end());
    RMQ_CHECK(found->second == front_sequence_ + i);
  }
  RMQ_CHECK(slots_.empty() || slots_.front().state != State::kFree);
  RMQ_CHECK(in_flight == in_flight_);
  RMQ_CHECK(in_flight == sequence_of_.size());
  RMQ_CHECK(counted == window_used_);
  uint32_t qos0 = 0;
  uint64_t qos0_bytes = 0;
  for (size_t i = 0; i < queue_.size(); ++i) {
    if (queue_[i].message.qos() != Qos::kAtMostOnce) continue;
    ++qos0;
    qos0_bytes += queue_[i].message.size_bytes();
  }
  RMQ_CHECK(qos0 == queued_qos0_);
  RMQ_CHECK(qos0_bytes == queued_qos0_bytes_);
  RMQ_CHECK(held_messages_ == queue_.size() + in_flight_ + unwritten_.size());
}

}  // namespace ringmq::client
