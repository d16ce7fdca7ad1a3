// The steps of the runs that are more than load for a time: everybody goes away, messages are
// stored meanwhile, everybody returns and gets what was kept, and in the end it is removed.
//
//   retain    fill, return, clear        session    away, fill, return, clear
//   will      cut                        storm      measure, away, return
//
// Each thread does its part of a step and says when it has finished.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "load/kept.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

constexpr int64_t kLookAgainNs = 1'000'000;

}  // namespace

int64_t Worker::StageTurn(Phase phase, int64_t now_ns) {
  const int64_t start_ns = shared_.clockwork.step_start_ns.load(std::memory_order_relaxed);
  if (now_ns < start_ns) return start_ns - kSleepNsMin;
  const bool is_new = std::exchange(last_phase_, phase) != phase;
  if (!is_new && progress_.finished.load(std::memory_order_relaxed) == phase) return INT64_MAX;
  if (is_new) {
    SpanOf(phase).begin_ns = now_ns;
    stage_busy_ns_ = BusyNs();
  }
  int64_t wake_ns = now_ns + kLookAgainNs;
  bool is_over = true;
  if (phase == Phase::kAway) {
    if (is_new) GoAway();
    is_over = open_ <= publishers_.size();
  } else if (phase == Phase::kFill) {
    is_over = FillTurn(now_ns, wake_ns);
  } else if (phase == Phase::kReturn) {
    if (is_new) PrepareReturn(now_ns);
    wake_ns = std::min(wake_ns, ConnectSome(now_ns));
    is_over = HasReturned();
  } else if (phase == Phase::kCut) {
    is_over = CutTurn(is_new, now_ns, wake_ns);
  } else if (phase == Phase::kClear) {
    is_over = ClearTurn(is_new, now_ns);
  }
  if (!is_over) return wake_ns;
  Span& span = SpanOf(phase);
  span.end_ns = now_ns;
  const int64_t length_ns = std::max<int64_t>(span.end_ns - span.begin_ns, 1);
  span.busy = {
      .share = static_cast<double>(BusyNs() - stage_busy_ns_) / static_cast<double>(length_ns),
      .thread = part_};
  progress_.finished.store(phase, std::memory_order_release);
  return INT64_MAX;
}

Span& Worker::SpanOf(Phase phase) {
  switch (phase) {
    case Phase::kAway:
      return findings_.away;
    case Phase::kFill:
    case Phase::kCut:
      return findings_.fill;
    case Phase::kReturn:
      return findings_.back;
    // check:allow(default): only steps come here.
    default:
      return findings_.clear;
  }
}

// All but the publishers.
void Worker::GoAway() {
  for (Peer& peer : peers_) {
    if (peer.state != PeerState::kReady || peer.role->publishes()) continue;
    Leave(peer, plan_.script == Script::kStorm ? Farewell::kReset : Farewell::kDisconnect);
    progress_.connected.fetch_sub(1, std::memory_order_relaxed);
  }
}

void Worker::PrepareReturn(int64_t now_ns) {
  arrivals_ = {};
  arrivals_.start_ns = now_ns;
  arrivals_.done_before = DoneConnecting();
  for (Peer& peer : peers_) {
    if (peer.role->publishes() || peer.fd >= 0) continue;
    Renew(peer);
    arrivals_.places.push_back(IndexOf(peer));
  }
}

bool Worker::HasReturned() const {
  if (DoneConnecting() - arrivals_.done_before < arrivals_.places.size()) return false;
  return plan_.script == Script::kStorm || complete_ == arrivals_.places.size();
}

// Everything that is to be kept is sent and acknowledged.
bool Worker::FillTurn(int64_t now_ns, int64_t& wake_ns) {
  if (plan_.script == Script::kRetain) return StoreSome(Stored::kMessage, now_ns);
  if (plan_.rate_per_s > 0) {
    SendDue(now_ns);
    if (schedule_ != nullptr && budget_ > 0) {
      wake_ns = std::min(wake_ns, schedule_->next_due() - kSleepNsMin);
    }
  } else {
    SendFreely(now_ns);
  }
  if (!progress_.exhausted.load(std::memory_order_relaxed)) return false;
  return std::all_of(publishers_.begin(), publishers_.end(),
                     [this](size_t index) { return peers_[index].publishing->unacked_count == 0; });
}

bool Worker::ClearTurn(bool is_new, int64_t now_ns) {
  if (plan_.script == Script::kSession || plan_.keeps_sessions) return ForgetSome(is_new, now_ns);
  if (is_new) {
    GoAway();  // Or they would hear how it is removed.
    for (const size_t index : publishers_) peers_[index].publishing->stored = 0;
  }
  return StoreSome(Stored::kNothing, now_ns);
}

// Every session ends by a connect that wants a new one, which is how all versions can.
bool Worker::ForgetSome(bool is_new, int64_t now_ns) {
  if (is_new && plan_.keeps_sessions) PrepareForgetting();
  if (is_new && !plan_.keeps_sessions) GoAway();
  bool is_over = true;
  uint64_t under_way = open_ - std::min<uint64_t>(open_, publishers_.size());
  for (Peer& peer : peers_) {
    if (peer.kept == nullptr || (peer.kept->is_forgotten && peer.fd < 0)) continue;
    is_over = false;
    if (peer.fd >= 0 || peer.kept->is_forgotten || under_way >= kConnectingMax) continue;
    if (peer.state == PeerState::kEnded && peer.kept->is_clearing) {
      peer.kept->is_forgotten = true;  // It could not connect, which was counted.
      continue;
    }
    ++under_way;
    peer.kept->is_clearing = true;
    Renew(peer);
    Begin(peer, now_ns);
  }
  return is_over;
}

}  // namespace ringmq::load
