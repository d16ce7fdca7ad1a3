// A worker's connections that come and go while everything else goes on.
//
// The connects have a schedule, and their times count from when they were due. For each client that
// came, the one that has been there longest leaves, so that there are always as many.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "load/churn.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

// While there is no free place, and while the run ends.
constexpr int64_t kLookAgainNs = 1'000'000;

}  // namespace

int64_t Worker::ChurnTurn(Phase phase, int64_t now_ns) {
  if (leaving_) CountUnmet();
  const bool is_load = phase == Phase::kWarmup || phase == Phase::kMeasure;
  if (!is_load && phase != Phase::kDrain) return INT64_MAX;
  const bool is_new = std::exchange(last_phase_, phase) != phase;
  if (is_new && churning_ == nullptr) PrepareChurn();
  // What is shown of the steps of connecting is that of the measured phase.
  if (is_new && phase == Phase::kMeasure) ForgetSteps();
  int64_t wake_ns = INT64_MAX;
  bool is_over = true;
  if (churning_ != nullptr) {
    wake_ns = ChurnDue(now_ns);
    LetSomeLeave();
    const int64_t end_ns = shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
    is_over = churning_->schedule.next_due() >= end_ns && churning_->connecting == 0;
  }
  if (phase != Phase::kDrain) return wake_ns;
  if (is_over) progress_.finished.store(Phase::kDrain, std::memory_order_relaxed);
  return now_ns + kLookAgainNs;
}

void Worker::PrepareChurn() {
  const bool has_some = std::any_of(peers_.begin(), peers_.end(),
                                    [](const Peer& peer) { return peer.role->churns(); });
  if (!has_some) return;
  ForgetSteps();
  findings_.connect.Clear();
  findings_.connect_lag.Clear();
  const Plan::Share share = plan_.ShareOf(part_, &Role::churns);
  const measure::ScheduleOptions whole = {
      .rate_per_s = plan_.churn.per_s,
      .arrival = plan_.arrival,
      .burst = plan_.burst,
      .seed = plan_.seed + 1,  // Not in step with the messages.
      .start_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed)};
  churning_ = std::make_unique<Churning>(measure::Schedule::Share(whole, share.part, share.parts));
  churning_->lives.resize(peers_.size());
  for (Peer& peer : peers_) {
    if (!peer.role->churns()) continue;
    if (peer.state == PeerState::kReady) {
      churning_->connected.push_back({.place = IndexOf(peer), .life = 0});
    } else if (peer.fd < 0) {
      churning_->free.push_back(IndexOf(peer));
    }
  }
}

int64_t Worker::ChurnDue(int64_t now_ns) {
  const int64_t end_ns = shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  measure::Schedule& schedule = churning_->schedule;
  while (schedule.next_due() <= now_ns && schedule.next_due() < end_ns) {
    const int64_t due_ns = schedule.next_due();
    if (churning_->free.empty()) {
      churning_->blocked_ns = now_ns;
      return now_ns + kLookAgainNs;
    }
    const bool was_blocked = due_ns <= churning_->blocked_ns;
    if (measures(due_ns)) {
      ++findings_.connects_offered;
      findings_.connects_blocked += was_blocked ? 1 : 0;
      if (!was_blocked) findings_.connect_lag.Record(now_ns - due_ns);
    }
    Peer& peer = peers_[churning_->free.back()];
    churning_->free.pop_back();
    ++churning_->lives[IndexOf(peer)];
    ++churning_->connecting;
    schedule.Advance();
    Renew(peer);
    Begin(peer, due_ns);
  }
  return schedule.next_due() < end_ns ? schedule.next_due() - kSleepNsMin : INT64_MAX;
}

// What was due and not begun up to the last had no place up to the last.
void Worker::CountUnmet() {
  if (churning_ == nullptr) return;
  measure::Schedule& schedule = churning_->schedule;
  const int64_t end_ns = shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  for (; schedule.next_due() < end_ns; schedule.Advance()) {
    if (!measures(schedule.next_due())) continue;
    ++findings_.connects_offered;
    ++findings_.connects_blocked;
  }
}

void Worker::LetSomeLeave() {
  const Farewell farewell = plan_.churn.is_abrupt ? Farewell::kReset : Farewell::kDisconnect;
  size_t looked_at = 0;
  const size_t all = churning_->connected.size();
  for (; churning_->to_leave > 0 && looked_at < all; ++looked_at) {
    const Churning::Client client = churning_->connected.front();
    churning_->connected.pop_front();
    Peer& peer = peers_[client.place];
    const bool is_there =
        churning_->lives[client.place] == client.life && peer.state == PeerState::kReady;
    if (!is_there) continue;  // The broker has ended it, which was counted then.
    if (peer.sending) {
      churning_->connected.push_back(client);  // Its DISCONNECT could not go at once.
      continue;
    }
    --churning_->to_leave;
    Leave(peer, farewell);
  }
}

void Worker::OnCame(Peer& peer, int64_t due_ns, int64_t now_ns) {
  --churning_->connecting;
  ++churning_->to_leave;
  const size_t place = IndexOf(peer);
  churning_->connected.push_back({.place = place, .life = churning_->lives[place]});
  if (!measures(due_ns)) return;
  findings_.connect.Record(now_ns - due_ns);
  const bool is_in_time = now_ns < shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  findings_.connects_in_time += is_in_time ? 1 : 0;
}

void Worker::OnGone(Peer& peer) {
  if (!leaving_ && IsAway(peer)) {
    PlanReturn(peer);
    return;
  }
  TakeBack(peer);
  if (churning_ == nullptr || !peer.role->churns() || leaving_) return;
  churning_->free.push_back(IndexOf(peer));
}

void Worker::ForgetSteps() {
  for (const auto histogram : {&Findings::connect_tcp, &Findings::connect_tls,
                               &Findings::connect_ws, &Findings::connack, &Findings::suback}) {
    (findings_.*histogram).Clear();
  }
}

// As if it had never been connected. Requires: everything of the connection before has ended.
void Worker::Renew(Peer& peer) {
  RMQ_CHECK(peer.fd < 0);
  RMQ_CHECK(!peer.receiving);
  RMQ_CHECK(!peer.sending);
  peer.state = PeerState::kNew;
  peer.receive_maximum = 65'535;
  peer.output.clear();
  peer.in_send.clear();
  peer.partial.clear();
  peer.layers.reset();
}

}  // namespace ringmq::load
