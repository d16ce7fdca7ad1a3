// Connections that have ended and are made again, with --reconnect.
//
// What was on its way then: a message that the kernel has not taken goes out on the next
// connection, with the time when it was due. One that was sent and not acknowledged may have
// arrived or not. If its session is gone it is not sent again, and if it never shows up nobody had
// promised it; the same is true of what is published while a subscriber is away. Of sessions that
// are kept: worker_session.cc.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/reconnect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "load/worker.h"
#include "reactor/clock.h"

namespace ringmq::load {
namespace {

// What is in the way of a try may be gone by then.
constexpr int64_t kLookAgainNs = 10'000'000;

}  // namespace

bool Worker::ComesBack(const Peer& peer) const {
  if (reconnecting_ == nullptr || leaving_) return false;
  const bool is_of_run = peer.role->duty == Duty::kStay || peer.role->duty == Duty::kAnswer;
  return is_of_run && (peer.state == PeerState::kReady || IsAway(peer));
}

bool Worker::IsAway(const Peer& peer) const {
  return reconnecting_ != nullptr && reconnecting_->away.contains(IndexOf(peer));
}

// The connection is over, by nobody's fault or the broker's decision.
void Worker::End(Peer& peer, std::string why) {
  if (peer.state == PeerState::kEnded) return;
  if (!ComesBack(peer)) {
    Fail(peer, std::move(why));
    return;
  }
  Reconnecting::Away& away = reconnecting_->away[IndexOf(peer)];
  if (peer.state == PeerState::kReady) {
    NoteEnd(peer, why);
  } else {
    ++away.failed;
    ++findings_.tries_failed;
  }
  if (std::exchange(away.is_trying, false)) --reconnecting_->trying;
  away.why = std::move(why);
  Leave(peer, Farewell::kShut);
}

void Worker::NoteEnd(Peer& peer, const std::string& why) {
  progress_.dropped.fetch_add(1, std::memory_order_relaxed);
  ++second_.errors;
  ++findings_.connections_ended;
  if (findings_.ends.size() < kErrorsMax || findings_.ends.contains(why)) ++findings_.ends[why];
  if (peer.role->publishes()) {
    std::erase(publishers_, IndexOf(peer));
    if (next_publisher_ >= publishers_.size()) next_publisher_ = 0;
    ++publishers_away_;
  }
  if (HasSession(peer)) return;
  // What a member of a group had may go to another member, and what was asked is not answered.
  if (peer.role->is_member(peer.number) || peer.answering != nullptr) {
    shared_.clockwork.is_unpromised.store(true, std::memory_order_relaxed);
    return;
  }
  if (peer.hearing == nullptr) return;
  Hearing& hearing = *peer.hearing;
  if (hearing.absences == nullptr) hearing.absences = std::make_unique<Hearing::Absences>();
  const uint32_t first = peer.role->first_heard(peer.number);
  for (uint32_t i = first; i < first + peer.role->count_heard(peer.number); ++i) {
    measure::Absence& absence = (*hearing.absences)[i];
    Bump(progress_.unpromised, -absence.Missed());
    absence.Leave(hearing.FlowOf(i).next());
  }
}

// Nothing of the connection is left: when it is made again.
void Worker::PlanReturn(Peer& peer) {
  const size_t place = IndexOf(peer);
  if (peer.publishing != nullptr) GiveUp(peer);
  Reconnecting::Away& away = reconnecting_->away[place];
  reconnecting_->Plan(place, away, reactor::MonotonicNow().ns + BackoffNs(away.failed, random_));
}

// What was not sent is to be sent again. What was sent and is not acknowledged never will be, but
// for a session that is kept.
void Worker::GiveUp(Peer& peer) {
  Publishing& publishing = *peer.publishing;
  // Of what went through TLS nobody knows how much the kernel had taken.
  if (peer.layers != nullptr && peer.in_send_offset > 0) {
    NoteWritten(peer, std::exchange(peer.layers->plain_in_send, 0), reactor::MonotonicNow().ns);
  }
  for (; !publishing.again.empty(); publishing.again.pop_front()) {
    publishing.unwritten.push_back(publishing.again.front());
  }
  std::swap(publishing.unwritten, publishing.again);
  for (size_t i = 0; i < publishing.again.size(); ++i) publishing.again[i].waited = true;
  const uint64_t sent =
      publishing.again.empty() ? publishing.sequence : publishing.again.front().sequence;
  for (Publishing::Unacked& slot : publishing.unacked) {
    if (!slot.used || slot.sequence < sent) continue;
    slot.used = false;
    --publishing.unacked_count;
  }
  if (!HasSession(peer)) ForgetUnacked(peer);
}

// Tries that are due. Returns when the next one is.
int64_t Worker::ReconnectTurn(int64_t now_ns) {
  auto& agenda = reconnecting_->agenda;
  while (!agenda.empty() && agenda.begin()->first <= now_ns) {
    const size_t place = agenda.begin()->second;
    Reconnecting::Away& away = reconnecting_->away[place];
    Peer& peer = peers_[place];
    const bool is_blocked = peer.fd >= 0 || reconnecting_->trying >= kConnectingMax;
    if (away.is_trying) {
      reconnecting_->Plan(place, away, now_ns + kLookAgainNs);
      End(peer, "no answer in time");
    } else if (is_blocked) {
      reconnecting_->Plan(place, away, now_ns + kLookAgainNs);
    } else {
      reconnecting_->Plan(place, away, now_ns + kAttemptNsMax);
      away.is_trying = true;
      ++reconnecting_->trying;
      peer.has_returned = true;
      Renew(peer);
      Begin(peer, now_ns);
    }
  }
  return agenda.empty() ? INT64_MAX : agenda.begin()->first;
}

// What is published from now on is promised again.
void Worker::OnSubscribedAgain(Peer& peer) {
  if (plan_.hears_others() && !HasSession(peer)) others_.Forget(IndexOf(peer));
  if (peer.hearing == nullptr || peer.hearing->absences == nullptr) return;
  for (auto& [publisher, absence] : *peer.hearing->absences) {
    absence.Return(shared_.published[publisher].load(std::memory_order_relaxed));
    Bump(progress_.unpromised, absence.Missed());
  }
}

void Worker::OnReturned(Peer& peer) {
  reconnecting_->Forget(IndexOf(peer));
  ++findings_.reconnects;
  progress_.reconnects.fetch_add(1, std::memory_order_relaxed);
  Resend(peer);
  if (peer.answering != nullptr) AnswerWaiting(peer);
  if (peer.role->publishes()) {
    publishers_.push_back(IndexOf(peer));
    --publishers_away_;
    SendAgain(peer);
  }
  shared_.clockwork.returns.fetch_add(1, std::memory_order_relaxed);
}

// What the connection before did not take, as far as the window allows.
void Worker::SendAgain(Peer& peer) {
  Publishing& publishing = *peer.publishing;
  while (!publishing.again.empty()) {
    Publishing::Unwritten& row = publishing.again.front();
    const bool is_acked = plan_.qos != Qos::kAtMostOnce;
    const uint32_t room = is_acked ? publishing.WindowLeft() : row.count;
    if (room == 0) return;
    Publishing::Unwritten part = row;
    part.count = std::min(room, row.count);
    AppendMessages(peer, part);
    row.sequence += part.count;
    row.count -= part.count;
    if (row.count == 0) publishing.again.pop_front();
  }
}

// The loop may wait for what was lost. One message more of each publisher, and what comes of it
// shows what else is missing.
void Worker::Nudge() {
  const uint32_t nudges = shared_.clockwork.returns.load(std::memory_order_relaxed) +
                          shared_.clockwork.nudges.load(std::memory_order_relaxed);
  if (std::exchange(nudges_, nudges) == nudges) return;
  for (const size_t index : publishers_) peers_[index].publishing->is_nudged = true;
}

// Who is not back when the run ends has failed.
void Worker::CountAway() {
  if (reconnecting_ == nullptr) return;
  for (const auto& [place, away] : reconnecting_->away) {
    const std::string why = absl::StrCat("not connected again when the run ended: ", away.why);
    if (findings_.connections_lost++ == 0) {
      findings_.first_lost_ns = reactor::MonotonicNow().ns;
      findings_.loss = why;
    }
    Complain(why);
  }
  for (const Peer& peer : peers_) {
    if (peer.publishing == nullptr) continue;
    uint64_t unsent = 0;
    for (size_t i = 0; i < peer.publishing->again.size(); ++i) {
      unsent += peer.publishing->again[i].count;
    }
    Bump(shared_.given_up[PublisherOf(peer)], unsent);
  }
}

}  // namespace ringmq::load
