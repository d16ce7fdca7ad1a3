// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include "base/check.h"
#include "session/inbound.h"
#include "session/outbound.h"

namespace ringmq::session {

Session::Session(const SessionLimits& limits) : limits_(limits) {}
Session::~Session() = default;

Outbound& Session::NeedOutbound() {
  if (outbound_ == nullptr) outbound_ = std::make_unique<Outbound>(limits_);
  return *outbound_;
}

Inbound& Session::NeedInbound() {
  if (inbound_ == nullptr) inbound_ = std::make_unique<Inbound>();
  return *inbound_;
}

Delivered Session::Deliver(codec::Publication& publication, const DeliveryOptions& options,
                           Instant now, Link* link) {
  if (publication.expired()) return Delivered::kDroppedExpired;  // [MQTT-3.3.2-5]
  if (options.qos == Qos::kAtMostOnce) {
    return link == nullptr ? Delivered::kDroppedOffline
                           : Outbound::SendQos0(publication, options, *link);
  }
  return NeedOutbound().Deliver(publication, options, now, link);
}

Verdict Session::OnPuback(codec::PacketId id, ReasonCode reason, Instant /*now*/, Link& link) {
  return outbound_ == nullptr ? Verdict::kUnknownPacketId : outbound_->OnPuback(id, reason, link);
}

Verdict Session::OnPubrec(codec::PacketId id, ReasonCode reason, Instant /*now*/, Link& link) {
  return NeedOutbound().OnPubrec(id, reason, link);
}

Verdict Session::OnPubcomp(codec::PacketId id, ReasonCode reason, Instant /*now*/, Link& link) {
  return outbound_ == nullptr ? Verdict::kUnknownPacketId : outbound_->OnPubcomp(id, reason, link);
}

Drained Session::Drain(Instant now, Link& link) {
  return outbound_ == nullptr ? Drained{} : outbound_->Drain(now, link);
}

bool Session::wants_drain() const { return outbound_ != nullptr && outbound_->wants_drain(); }

Arrival Session::OnPublish(codec::PacketId id, Qos qos, Link& link) {
  return NeedInbound().OnPublish(id, qos, limits_.receive_maximum, link);
}

void Session::Accept(codec::PacketId id, Qos qos, ReasonCode reason, Link& link) {
  RMQ_CHECK(inbound_ != nullptr);
  inbound_->Accept(id, qos, reason, link);
}

void Session::OnPubrel(codec::PacketId id, Link& link) { NeedInbound().OnPubrel(id, link); }

Drained Session::Resume(Instant now, Link& link) {
  return outbound_ == nullptr ? Drained{} : outbound_->Resume(now, link);
}

void Session::OnDisconnected() {
  if (outbound_ != nullptr) outbound_->OnDisconnected();
  if (inbound_ != nullptr) inbound_->OnDisconnected();
  ReleaseIdle();
}

void Session::ReleaseIdle() {
  if (outbound_ != nullptr && outbound_->idle()) outbound_.reset();
  if (inbound_ != nullptr && inbound_->idle()) inbound_.reset();
}

void Session::ForEachUndelivered(absl::FunctionRef<void(const Undelivered&)> visit) const {
  if (outbound_ != nullptr) outbound_->ForEachUndelivered(visit);
}

size_t Session::DropQueuedIf(absl::FunctionRef<bool(const codec::MessageRef&)> unwanted) {
  return outbound_ == nullptr ? 0 : outbound_->DropQueuedIf(unwanted);
}

uint32_t Session::queued_messages() const {
  return outbound_ == nullptr ? 0 : outbound_->queued_messages();
}
uint64_t Session::queued_bytes() const {
  return outbound_ == nullptr ? 0 : outbound_->queued_bytes();
}
uint32_t Session::in_flight() const { return outbound_ == nullptr ? 0 : outbound_->in_flight(); }

void Session::Audit() const {
  if (outbound_ != nullptr) outbound_->Audit();
  if (inbound_ != nullptr) inbound_->Audit();
}

}  // namespace ringmq::session
