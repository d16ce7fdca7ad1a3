// What a worker does not wait for any longer: clients whose connecting stands still, and
// connections that a broker does not close at the end.
//
// Neither costs an idle connection anything: when the present step of connecting began is known for
// the figures, and a few connections are looked at each turn.
//
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "load/worker.h"
#include "measure/quantity.h"

namespace ringmq::load {
namespace {

// How often each connection is looked at within the time that a step may take.
constexpr int64_t kLooksPerTimeout = 8;
// A broker that does not close what has said goodbye is not waited for longer.
constexpr int64_t kLeaveNsMax = 5'000'000'000;

}  // namespace

// The step that `peer` is in, named by what ends it; empty: it is not connecting.
std::string Worker::StepOf(const Peer& peer) const {
  switch (peer.state) {
    case PeerState::kConnecting:
      return "TCP connection";
    case PeerState::kOpening: {
      const bool is_tls = peer.layers->tls != nullptr && !peer.layers->is_tls_timed;
      return is_tls ? "end of the TLS handshake" : "answer to the WebSocket upgrade";
    }
    case PeerState::kGreeting:
      return "CONNACK";
    case PeerState::kSubscribing:
      return "SUBACK";
    case PeerState::kNew:
    case PeerState::kReady:
    case PeerState::kEnded:
      break;
  }
  return "";
}

void Worker::SweepConnecting(Phase phase, int64_t now_ns) {
  const bool may_connect =
      phase == Phase::kConnect || plan_.churn.per_s > 0 || plan_.script != Script::kTraffic;
  if (!may_connect || leaving_ || peers_.empty()) {
    swept_ns_ = 0;
    return;
  }
  const auto timeout_ns = static_cast<int64_t>(plan_.connect_timeout_s * 1e9);
  const auto count = static_cast<int64_t>(peers_.size());
  const int64_t each_ns = std::max<int64_t>(timeout_ns / kLooksPerTimeout / count, 1);
  if (swept_ns_ == 0) swept_ns_ = now_ns;
  // After a long turn once round is enough.
  swept_ns_ = std::max(swept_ns_, now_ns - each_ns * count);
  for (; swept_ns_ + each_ns <= now_ns; swept_ns_ += each_ns) {
    Peer& peer = peers_[next_swept_];
    const int64_t since_ns = now_ns - step_start_ns_[next_swept_];
    next_swept_ = (next_swept_ + 1) % peers_.size();
    if (since_ns < timeout_ns || peer.state == PeerState::kReady) continue;
    const std::string step = StepOf(peer);
    if (step.empty()) continue;
    progress_.timed_out.fetch_add(1, std::memory_order_relaxed);
    Fail(peer, absl::StrCat("no ", step, " within ", measure::FormatTime(timeout_ns)));
  }
}

void Worker::LeaveAll(int64_t now_ns) {
  SumUpKept();
  CountAway();
  leaving_ = true;
  hurry_ns_ = now_ns + kLeaveNsMax;
  NoteHeldUp(now_ns);
  CountUnsent(now_ns);
  for (Peer& peer : peers_) {
    TakeBack(peer);
    Leave(peer, peer.state == PeerState::kReady ? Farewell::kDisconnect : Farewell::kShut);
  }
  progress_.has_left.store(true, std::memory_order_release);
}

// Once: what a broker has not closed by now is cut.
void Worker::HurryUp() {
  hurry_ns_ = INT64_MAX;
  for (const Peer& peer : peers_) {
    if (peer.fd >= 0) shutdown(peer.fd, SHUT_RDWR);
  }
}

}  // namespace ringmq::load
