// Wills: connections that are cut by a schedule, and what the broker says to it.
//
// The time of a cut is taken before the kernel sends the reset, and is there for every thread
// before the will can come.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "load/kept.h"
#include "load/packet_bytes.h"
#include "load/worker.h"
#include "reactor/clock.h"

namespace ringmq::load {

// Into `connect`; `topic` and `payload` live until it is encoded.
void Worker::AddWill(const Peer& peer, std::string& topic, std::vector<uint8_t>& payload,
                     codec::Connect& connect) {
  topic = Fill(peer.role->will_topic, peer.number);
  payload = plan_.MakePayload(NextPayloadBytes());
  measure::WriteStamp(
      {.run = plan_.run, .publisher = PublisherOf(peer), .sequence = 0, .due_ns = 0}, plan_.stamp,
      payload);
  connect.has_will = true;
  connect.will.topic = topic;
  connect.will.payload = payload;
  connect.will.qos = plan_.qos;
  connect.will.delay_s = plan_.will_delay_s;
  // A will does not wait beyond the end of its session.
  if (plan_.will_delay_s > 0) connect.session_expiry_s = plan_.will_delay_s + 1;
}

// Cuts those that are due. Over when every watcher has got every will.
bool Worker::CutTurn(bool is_new, int64_t now_ns, int64_t& wake_ns) {
  if (is_new) PrepareCuts();
  while (cuts_.next < cuts_.places.size() && schedule_->next_due() <= now_ns) {
    Peer& peer = peers_[cuts_.places[cuts_.next++]];
    const int64_t due_ns = schedule_->next_due();
    schedule_->Advance();
    ++findings_.offered;
    if (peer.state != PeerState::kReady) continue;  // The broker has ended it, which was counted.
    findings_.lag.Record(now_ns - due_ns);
    findings_.own_lag.Record(now_ns - due_ns);
    Leave(peer, Farewell::kReset);
  }
  const bool is_cut = cuts_.next == cuts_.places.size();
  if (!is_cut) wake_ns = std::min(wake_ns, schedule_->next_due() - kSleepNsMin);
  return is_cut && complete_ == watchers_;
}

void Worker::PrepareCuts() {
  for (const Peer& peer : peers_) {
    if (peer.role->has_will()) cuts_.places.push_back(IndexOf(peer));
    if (peer.kept != nullptr) ++watchers_;
  }
  if (cuts_.places.empty()) return;
  const Plan::Share share = plan_.ShareOf(part_, &Role::has_will);
  const measure::ScheduleOptions whole = {
      .rate_per_s = plan_.cuts_per_s,
      .arrival = plan_.arrival,
      .burst = plan_.burst,
      .seed = plan_.seed,
      .start_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed)};
  schedule_ =
      std::make_unique<measure::Schedule>(measure::Schedule::Share(whole, share.part, share.parts));
}

// Its connection ends now.
void Worker::NoteCut(const Peer& peer) {
  if (leaving_ || last_phase_ != Phase::kCut) return;
  const uint32_t client = PublisherOf(peer);
  shared_.cuts_ns[client].store(reactor::MonotonicNow().ns, std::memory_order_release);
  ++findings_.by_publisher[client];
  ++findings_.sent;
  ++findings_.sent_meanwhile;
  ++second_.sent;
  Bump(progress_.sent);
}

void Worker::OnWill(uint32_t client, int64_t now_ns) {
  const int64_t cut_ns = shared_.cuts_ns[client].load(std::memory_order_acquire);
  if (cut_ns == 0) {
    ++findings_.wills_early;
    Complain("a will came though its client was not cut");
    return;
  }
  const int64_t after_ns = now_ns - cut_ns;
  findings_.will.Record(after_ns);
  if (after_ns >= int64_t{plan_.will_delay_s} * kSecond.ns) return;
  ++findings_.wills_early;
  Complain("a will came before its delay was over");
}

}  // namespace ringmq::load
