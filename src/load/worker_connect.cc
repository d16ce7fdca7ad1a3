// From a connection that stands to a client that is ready: CONNECT, SUBSCRIBE and their answers.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codec/decode.h"
#include "load/packet_bytes.h"
#include "load/worker.h"
#include "ringmq/expected.h"

namespace ringmq::load {

void Worker::Greet(Peer& peer) {
  peer.state = PeerState::kGreeting;
  codec::Connect connect{.version = plan_.version, .clean_start = true};
  const bool keeps_session = plan_.script == Script::kSession && peer.role->duty == Duty::kKept &&
                             (peer.kept == nullptr || !peer.kept->is_clearing);
  if (keeps_session) {
    // What Clean Session 0 asks for at once, MQTT 5 asks for when it returns.
    connect.clean_start = plan_.version == ProtocolVersion::kV5 && peer.kept == nullptr;
    connect.session_expiry_s = plan_.session_expiry_s;
  }
  if (HasSession(peer) && peer.kept == nullptr) {
    connect.clean_start = plan_.version == ProtocolVersion::kV5 && !peer.has_returned;
    connect.session_expiry_s = plan_.session_expiry_s;
  }
  const std::string client_id = Fill(peer.role->client_id, peer.number);
  const std::string username = Fill(plan_.username, peer.number);
  const std::string password = Fill(plan_.password, peer.number);
  connect.client_id = client_id;
  connect.keep_alive_s = plan_.keep_alive_s;
  connect.has_username = !username.empty();
  connect.username = username;
  connect.has_password = !password.empty();
  connect.password = {reinterpret_cast<const uint8_t*>(password.data()), password.size()};
  std::string will_topic;
  std::vector<uint8_t> will_payload;
  if (peer.role->has_will()) AddWill(peer, will_topic, will_payload, connect);
  AppendPacket(connect, plan_.version, peer.output);
  dirty_.push_back(IndexOf(peer));
}

std::string Worker::Refusal(const std::string& packet, ReasonCode reason) {
  if (IsFailure(reason)) {
    ++findings_.by_reason[static_cast<uint8_t>(reason)];
    progress_.refusals.fetch_add(1, std::memory_order_relaxed);
  }
  return absl::StrCat(packet, ": ", NameOf(reason));
}

// With which a connection ends that is made again: no error.
std::string Worker::RefusalOf(const Peer& peer, const std::string& packet, ReasonCode reason) {
  if (!ComesBack(peer)) return Refusal(packet, reason);
  return absl::StrCat(packet, ": ", NameOf(reason));
}

void Worker::OnConnack(Peer& peer, std::span<const uint8_t> body, int64_t now_ns) {
  const auto connack = codec::DecodeConnack(body, plan_.version, kLimits);
  if (!connack.ok()) {
    Fail(peer, "CONNACK: malformed");
    return;
  }
  if (connack->reason != ReasonCode::kSuccess) {
    End(peer, RefusalOf(peer, "CONNACK", connack->reason));
    return;
  }
  const size_t index = IndexOf(peer);
  peer.receive_maximum = connack->receive_maximum;
  peer.topic_alias_maximum = connack->topic_alias_maximum;
  findings_.connack.Record(now_ns - step_start_ns_[index]);
  step_start_ns_[index] = now_ns;
  if (peer.kept != nullptr) {
    OnResumed(peer, connack->session_present, now_ns);
    return;
  }
  if (IsAway(peer)) OnSession(peer, connack->session_present);
  if (!peer.role->subscribes() || (IsAway(peer) && peer.has_session)) {
    BecomeReady(peer, now_ns);
    return;
  }
  SendSubscribe(peer);
}

// A client whose session was kept, or that has come to end it.
void Worker::OnResumed(Peer& peer, bool session_present, int64_t now_ns) {
  Kept& kept = *peer.kept;
  if (kept.is_clearing) {
    kept.is_forgotten = true;
    Leave(peer, Farewell::kDisconnect);
    return;
  }
  kept.asked_ns = due_ns_[IndexOf(peer)];
  if (!session_present) {
    ++findings_.sessions_lost;
    Complain("CONNACK: the broker has not kept the session");
  }
  BecomeReady(peer, now_ns);
}

void Worker::SendSubscribe(Peer& peer) {
  peer.state = PeerState::kSubscribing;
  std::vector<uint8_t> filters;
  codec::AppendSubscription(peer.role->FilterOf(peer.number),
                            {.qos = plan_.subscribe_qos.value_or(plan_.qos)}, plan_.version,
                            filters);
  if (peer.role->duty == Duty::kKept) {
    // Before its answer: what is retained may come earlier.
    peer.kept = std::make_unique<Kept>();
    peer.kept->asked_ns = step_start_ns_[IndexOf(peer)];
    if (plan_.script == Script::kRetain) peer.kept->seen.resize(plan_.messages_max);
    if (plan_.script == Script::kWill) peer.kept->seen.resize(plan_.publishers);
  }
  AppendPacket(codec::Subscribe{.packet_id = 1,
                                .subscription_id = 0,
                                .properties = {},
                                .filters = filters,
                                .filter_count = 1},
               plan_.version, peer.output);
  dirty_.push_back(IndexOf(peer));
}

void Worker::OnSuback(Peer& peer, std::span<const uint8_t> body, int64_t now_ns) {
  const auto suback = codec::DecodeSuback(body, plan_.version, kLimits);
  if (!suback.ok() || suback->reasons.size() != 1) {
    Fail(peer, "SUBACK: malformed");
    return;
  }
  if (IsFailure(suback->reasons[0])) {
    End(peer, RefusalOf(peer, "SUBACK", suback->reasons[0]));
    return;
  }
  findings_.suback.Record(now_ns - step_start_ns_[IndexOf(peer)]);
  if (IsAway(peer)) {
    OnSubscribedAgain(peer);
  } else if (peer.role->hears() && peer.kept == nullptr) {
    peer.hearing = std::make_unique<Hearing>();
  }
  BecomeReady(peer, now_ns);
}

void Worker::BecomeReady(Peer& peer, int64_t now_ns) {
  peer.state = PeerState::kReady;
  const int64_t due_ns = due_ns_[IndexOf(peer)];
  if (churning_ != nullptr && peer.role->churns()) {
    OnCame(peer, due_ns, now_ns);
    return;
  }
  findings_.connect.Record(now_ns - due_ns);
  if (IsAway(peer)) {
    OnReturned(peer);
    return;
  }
  if (peer.role->duty == Duty::kAnswer) {
    peer.answering = std::make_unique<Answering>();
    peer.answering->used.resize(peer.receive_maximum);
  }
  if (peer.role->publishes()) {
    PrepareFrame(peer);
    publishers_.push_back(IndexOf(peer));
  }
  progress_.connected.fetch_add(1, std::memory_order_relaxed);
  NoteArrival(now_ns);
}

void Worker::NoteArrival(int64_t now_ns) {
  Span& span = last_phase_ == Phase::kReturn ? findings_.came_back : findings_.came;
  span.begin_ns = arrivals_.start_ns;
  span.end_ns = now_ns;
  if (plan_.is_ramp_asked_for) {
    const double ramp_s = static_cast<double>(plan_.early_connections()) / plan_.connects_per_s;
    const auto ramp_ns = static_cast<int64_t>(ramp_s * 1e9);
    findings_.connects_in_time += now_ns - arrivals_.start_ns < ramp_ns ? 1 : 0;
  }
  if (DoneConnecting() - arrivals_.done_before < arrivals_.places.size()) return;
  span.busy = {.share = static_cast<double>(BusyNs() - stage_busy_ns_) /
                        static_cast<double>(std::max<int64_t>(now_ns - arrivals_.start_ns, 1)),
               .thread = part_};
}

}  // namespace ringmq::load
