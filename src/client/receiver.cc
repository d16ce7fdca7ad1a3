// SPDX-License-Identifier: Apache-2.0
#include "client/receiver.h"

#include <algorithm>

#include "base/check.h"

namespace ringmq::client {
namespace {

// ticket = generation:24 | QoS 2:1 | number:39
constexpr int kNumberBits = 39;
constexpr uint64_t kNumberMask = (uint64_t{1} << kNumberBits) - 1;
constexpr uint64_t kQos2Bit = uint64_t{1} << kNumberBits;
constexpr int kGenerationShift = kNumberBits + 1;
constexpr uint64_t kGenerationMask = (uint64_t{1} << 24) - 1;

}  // namespace

void Receiver::Restore(codec::PacketId id) {
  const auto place = std::lower_bound(known_.begin(), known_.end(), id);
  if (place == known_.end() || *place != id) known_.insert(place, id);
}

void Receiver::OnConnected(Wire& wire, bool session_present) {
  RMQ_CHECK(wire_ == nullptr);
  wire_ = &wire;
  // Zero is never a generation, so no ticket is zero.
  generation_ = generation_ == kGenerationMask ? 1 : generation_ + 1;
  if (session_present) return;
  for (const codec::PacketId id : known_) records_.Remove(StoredRecord::Kind::kInbound, id);
  known_.clear();
}

void Receiver::OnDisconnected() {
  wire_ = nullptr;
  if (acks_ == Acks::kAutomatic) {
    for (size_t i = 0; i < exactly_once_.size(); ++i) Remember(exactly_once_.entries[i].id);
  }
  for (Line* line : {&at_least_once_, &exactly_once_}) {
    for (; !line->entries.empty(); line->entries.pop_front()) {
      waiting_.Return(line->entries.front().id);
    }
    line->first = 0;
  }
}

uint64_t Receiver::MakeTicket(Qos qos, uint64_t number) const {
  return generation_ << kGenerationShift | (qos == Qos::kExactlyOnce ? kQos2Bit : 0) |
         (number & kNumberMask);
}

Receiver::Arrival Receiver::OnPublish(codec::PacketId id, Qos qos) {
  RMQ_CHECK(wire_ != nullptr);
  RMQ_CHECK(qos != Qos::kAtMostOnce);
  if (std::binary_search(known_.begin(), known_.end(), id)) {
    if (qos != Qos::kExactlyOnce) return Arrival::kIdInUse;
    // Method B: the user has had it. [MQTT-4.3.3-10]
    wire_->WriteAck(PacketType::kPubrec, id, ReasonCode::kSuccess);
    return Arrival::kDuplicate;
  }
  if (wire_->is_v5() && outstanding() >= receive_maximum_) return Arrival::kExceeded;
  if (waiting_.in_use(id)) return Arrival::kIdInUse;
  waiting_.Claim(id);
  Line& line = qos == Qos::kExactlyOnce ? exactly_once_ : at_least_once_;
  last_ticket_ = MakeTicket(qos, line.first + line.size());
  line.entries.push_back({.id = id});
  return Arrival::kDeliver;
}

void Receiver::OnPubrel(codec::PacketId id) {
  RMQ_CHECK(wire_ != nullptr);
  const auto place = std::lower_bound(known_.begin(), known_.end(), id);
  const bool known = place != known_.end() && *place == id;
  if (known) {
    known_.erase(place);
    records_.Remove(StoredRecord::Kind::kInbound, id);
  }
  wire_->WriteAck(PacketType::kPubcomp, id,
                  known ? ReasonCode::kSuccess : ReasonCode::kPacketIdentifierNotFound);
}

Receiver::Entry* Receiver::Find(uint64_t ticket) {
  if (wire_ == nullptr || ticket >> kGenerationShift != generation_) return nullptr;
  Line& line = (ticket & kQos2Bit) != 0 ? exactly_once_ : at_least_once_;
  const uint64_t index = ((ticket & kNumberMask) - line.first) & kNumberMask;
  if (index >= line.size()) return nullptr;  // Answered already.
  Entry& entry = line.entries[index];
  return entry.state == Entry::State::kWaiting ? &entry : nullptr;
}

void Receiver::Acknowledge(uint64_t ticket, ReasonCode reason) {
  Entry* const entry = Find(ticket);
  if (entry == nullptr) return;
  entry->reason = reason;
  entry->state = Entry::State::kGiven;
  Release();
}

void Receiver::Abandon(uint64_t ticket) {
  Entry* const entry = Find(ticket);
  if (entry == nullptr) return;
  entry->state = Entry::State::kAbandoned;
  Release();
}

// An abandoned entry is never answered, so nothing behind it could be in order: those behind it are
// answered as if it were not there, which the standard's order among those that are answered keeps.
void Receiver::Release() {
  for (Line* line : {&at_least_once_, &exactly_once_}) {
    const Qos qos = line == &exactly_once_ ? Qos::kExactlyOnce : Qos::kAtLeastOnce;
    while (!line->entries.empty() && line->entries.front().state != Entry::State::kWaiting) {
      const Entry entry = line->entries.front();
      line->entries.pop_front();
      ++line->first;
      waiting_.Return(entry.id);
      if (entry.state == Entry::State::kGiven) Answer(qos, entry);
    }
  }
}

void Receiver::Answer(Qos qos, const Entry& entry) {
  if (qos == Qos::kAtLeastOnce) {
    wire_->WriteAck(PacketType::kPuback, entry.id, entry.reason);
    return;
  }
  // After a refusal the identifier is free; 3.1.1 cannot refuse.
  if (!IsFailure(entry.reason) || !wire_->is_v5()) {
    Remember(entry.id);
  }
  wire_->WriteAck(PacketType::kPubrec, entry.id, entry.reason);
}

void Receiver::Remember(codec::PacketId id) {
  Restore(id);
  records_.PutId(StoredRecord::Kind::kInbound, id, id, Qos::kExactlyOnce);
}

void Receiver::Audit() const {
  RMQ_CHECK(std::is_sorted(known_.begin(), known_.end()));
  for (const Line* line : {&at_least_once_, &exactly_once_}) {
    RMQ_CHECK(line->entries.empty() || line->entries.front().state == Entry::State::kWaiting);
  }
  RMQ_CHECK(waiting_.count() == at_least_once_.size() + exactly_once_.size());
}

}  // namespace ringmq::client
