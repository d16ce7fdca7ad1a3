// Sessions that outlive their connections: what is sent again when a client returns to its own, and
// how they are removed in the end.
//
// [MQTT-4.4.0-1] Every PUBLISH that is not acknowledged goes again with DUP, every PUBREL that is
// not answered goes again, in the order in which they went first.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "load/kept.h"
#include "load/packet_bytes.h"
#include "load/reconnect.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

constexpr uint8_t kDup = 0x08;
constexpr uint8_t kPubrel = 0x62;

}  // namespace

bool Worker::HasSession(const Peer& peer) const {
  return plan_.keeps_sessions &&
         (peer.role->duty == Duty::kStay || peer.role->duty == Duty::kAnswer);
}

// A client is back; `is_present` says whether the broker has its session.
void Worker::OnSession(Peer& peer, bool is_present) {
  if (!is_present && HasSession(peer)) ++findings_.sessions_lost;
  peer.has_session = is_present;
  if (peer.publishing != nullptr) {
    Publishing& publishing = *peer.publishing;
    if (!is_present) ForgetUnacked(peer);
    if (plan_.aliases) PrepareTopic(peer);
    if (plan_.qos != Qos::kAtMostOnce) {
      publishing.window = std::min<uint32_t>(plan_.in_flight, peer.receive_maximum);
      publishing.unacked.resize(std::max<size_t>(publishing.unacked.size(), publishing.window));
    }
  }
  if (peer.answering != nullptr) {
    Answering& answering = *peer.answering;
    if (!is_present) {
      answering.unacked.clear();
      answering.used.clear();
      answering.unacked_count = 0;
      answering.last_packet_id = 0;
    }
    answering.used.resize(std::max<size_t>(answering.used.size(), peer.receive_maximum));
  }
  if (!is_present) reconnecting_->received.erase(IndexOf(peer));
}

// What was sent and is not acknowledged, oldest first.
void Worker::Resend(Peer& peer) {
  if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
  if (peer.answering != nullptr) ResendAnswers(peer);
  if (peer.publishing == nullptr) return;
  Publishing& publishing = *peer.publishing;
  std::vector<uint16_t> ids;
  for (size_t i = 0; i < publishing.unacked.size(); ++i) {
    if (publishing.unacked[i].used) ids.push_back(static_cast<uint16_t>(i + 1));
  }
  const auto sequence_of = [&](uint16_t id) { return publishing.unacked[id - 1].sequence; };
  std::ranges::sort(ids, {}, sequence_of);
  uint64_t first = UINT64_MAX;
  for (const uint16_t id : ids) {
    const Publishing::Unacked& slot = publishing.unacked[id - 1];
    if (slot.is_released) {
      AppendAck(kPubrel, id, peer.output);
      continue;
    }
    first = std::min(first, slot.sequence);
    const size_t at = peer.output.size();
    AppendMessage(peer, slot.sequence, slot.due_ns, id, slot.payload_bytes);
    peer.output[at] |= kDup;
  }
  if (first == UINT64_MAX) return;
  shared_.resent[PublisherOf(peer)].Add(first, sequence_of(ids.back()) + 1);
}

void Worker::ResendAnswers(Peer& peer) {
  std::vector<std::pair<uint64_t, uint16_t>> order;
  for (const auto& [id, sent] : peer.answering->unacked) order.emplace_back(sent.number, id);
  std::ranges::sort(order);
  for (const auto& [number, id] : order) {
    Answering::Sent& sent = peer.answering->unacked[id];
    if (sent.is_released) {
      AppendAck(kPubrel, id, peer.output);
      continue;
    }
    sent.packet.front() |= kDup;
    peer.output.insert(peer.output.end(), sent.packet.begin(), sent.packet.end());
  }
}

// The fate of what was sent will not be known.
void Worker::ForgetUnacked(Peer& peer) {
  Publishing& publishing = *peer.publishing;
  for (Publishing::Unacked& slot : publishing.unacked) slot.used = false;
  Bump(shared_.given_up[PublisherOf(peer)], publishing.unacked_count);
  Bump(progress_.given_up, publishing.unacked_count);
  publishing.unacked_count = 0;
}

// Whether a PUBLISH of QoS 2 is one that came already, on a connection before. [MQTT-4.3.3-10]
bool Worker::CameBefore(const Peer& peer, const codec::Publish& publish) {
  if (reconnecting_ == nullptr || publish.qos != Qos::kExactlyOnce || !HasSession(peer)) {
    return false;
  }
  return !reconnecting_->received[IndexOf(peer)].insert(publish.packet_id).second;
}

void Worker::OnPubrel(const Peer& peer, uint16_t id) {
  if (reconnecting_ == nullptr || !HasSession(peer)) return;
  reconnecting_->received[IndexOf(peer)].erase(id);
}

// From PUBREC on a resend repeats the PUBREL. [MQTT-4.3.3-6]
void Worker::NoteReleased(Peer& peer, uint16_t id) {
  if (!HasSession(peer) || id == 0) return;
  if (peer.answering != nullptr) {
    const auto sent = peer.answering->unacked.find(id);
    if (sent != peer.answering->unacked.end()) sent->second.is_released = true;
  } else if (peer.publishing != nullptr && id <= peer.publishing->unacked.size()) {
    peer.publishing->unacked[id - 1].is_released = true;
  }
}

// A message that came twice though the broker did right: QoS 1 permits it to be sent again.
bool Worker::IsPermittedTwice(const Peer& peer, const codec::Publish& publish,
                              const measure::Stamp& stamp) const {
  if (!HasSession(peer) || plan_.qos != Qos::kAtLeastOnce) return false;
  if (publish.dup && peer.has_returned) return true;
  const bool was_asked_twice =
      plan_.asks && shared_.clockwork.returns.load(std::memory_order_relaxed) > 0;
  return was_asked_twice || shared_.resent[stamp.publisher].Covers(stamp.sequence);
}

// Before 5.0 a session ends by a connect that wants a new one.
void Worker::PrepareForgetting() {
  CountAway();
  reconnecting_.reset();
  publishers_.clear();
  publishers_away_ = 0;
  for (Peer& peer : peers_) {
    if (!HasSession(peer)) continue;
    Leave(peer, peer.state == PeerState::kReady ? Farewell::kDisconnect : Farewell::kShut);
    peer.kept = std::make_unique<Kept>();
  }
}

}  // namespace ringmq::load
