// The turn and the life of connections; worker_packets.cc has what is sent and what comes.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "codec/framer.h"
#include "codec/limits.h"
#include "load/churn.h"
#include "load/reconnect.h"
#include "reactor/clock.h"

namespace ringmq::load {
namespace {

constexpr size_t kCompletionsMax = 1024;
// Buffers that packets which straddle two receives leave behind.
constexpr size_t kSparesMax = 64;
// Receive buffers hold so much in all: more would not stay in the cache.
constexpr size_t kReceiveBytes = 4 << 20;
constexpr int64_t kNoSecond = -1;  // Before the load and after it.
// A turn never sleeps longer, so that a change of the phase is seen.
constexpr int64_t kTurnNsMax = 20'000'000;
// A turn that waits awake takes about a microsecond.
constexpr int64_t kIdleTurnNsMax = 10'000;

int64_t NowNs() { return reactor::MonotonicNow().ns; }

int64_t ThreadCpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecond.ns + time.tv_nsec;
}

std::string SocketFailure(int error) {
  std::string why = absl::StrCat("socket: ", std::strerror(error));
  rlimit limit{};
  if (error == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    absl::StrAppend(&why, ", this process may have ", limit.rlim_cur);
  }
  return why;
}

void AppendBytes(std::span<const uint8_t> bytes, std::vector<uint8_t>& out) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

Worker::Worker(const Plan& plan, uint32_t part, Shared& shared)
    : plan_(plan),
      part_(part),
      shared_(shared),
      progress_(shared.progress[part]),
      known_rest_(plan.MakeKnownRest()),
      rendered_(plan.payload_template.SizeBytesMax()),
      times_responses_(plan.rate_per_s > 0 && plan.stamp_place != StampPlace::kNowhere),
      random_(plan.seed + part),
      completions_(kCompletionsMax) {
  peers_.resize((plan.connections() + plan.threads - 1 - part) / plan.threads);
  uint64_t number = 0;  // Over all roles; every threads-th one is ours.
  for (const Role& role : plan.roles) {
    absl::StatusOr<TopicPattern> pattern = TopicPattern::Parse(role.topic);
    RMQ_CHECK(pattern.ok());  // Who made the plan has looked.
    patterns_.push_back(*std::move(pattern));
    for (uint32_t i = 0; i < role.count; ++i, ++number) {
      if (number % plan.threads != part) continue;
      Peer& peer = peers_[number / plan.threads];
      peer.role = &role;
      peer.number = i;
      if (!role.is_late) arrivals_.places.push_back(number / plan.threads);
    }
  }
  step_start_ns_.resize(peers_.size());
  due_ns_.resize(peers_.size());
  findings_.by_publisher.resize(plan.publishers);
  findings_.phases.resize(plan.phase_ends_s.size());
  if (plan.reconnects) reconnecting_ = std::make_unique<Reconnecting>();
}

Worker::~Worker() {
  ring_.reset();  // And with it every operation.
  for (const Peer& peer : peers_) {
    if (peer.fd >= 0) close(peer.fd);
  }
}

// A core that is gone since the plan was made is no reason not to run.
void Worker::StayOnCpu() const {
  if (plan_.cpus.empty()) return;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(plan_.cpus[part_ % plan_.cpus.size()], &cpus);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

void Worker::Run() {
  StayOnCpu();
  std::string notice;
  // Large messages in large buffers: fewer of them straddle two.
  const uint32_t buffer_bytes = plan_.payload_bytes >= 4 << 10 ? 64 << 10 : 16 << 10;
  auto ring =
      reactor::MakeRing(plan_.io,
                        {.sq_entries = 1024,
                         .cq_entries = 8192,
                         .buffer_count = static_cast<uint16_t>(kReceiveBytes / buffer_bytes),
                         .buffer_size_bytes = buffer_bytes},
                        &notice);
  if (!ring.ok()) {
    findings_.failure = std::string(ring.status().message());
    ++findings_.errors[findings_.failure];
    progress_.failed.store(peers_.size(), std::memory_order_relaxed);
    shared_.clockwork.present.fetch_add(1, std::memory_order_relaxed);
    progress_.has_left.store(true, std::memory_order_release);
    return;
  }
  ring_ = std::move(*ring);
  // What was chosen for us is said in the notice only.
  const bool is_epoll = plan_.io == reactor::IoBackend::kEpoll || !notice.empty();
  findings_.engine = is_epoll ? "epoll" : "io_uring";
  shared_.clockwork.present.fetch_add(1, std::memory_order_relaxed);
  stage_busy_ns_ = BusyNs();
  while (!leaving_ || open_ > 0) Turn();
}

void Worker::Turn() {
  const int64_t now_ns = NowNs();
  if (idle_since_ns_ > 0) {
    // A longer turn was no waiting: somebody else had the processor.
    findings_.idle_ns += std::min(now_ns - idle_since_ns_, kIdleTurnNsMax);
  }
  const Phase phase = shared_.clockwork.phase.load(std::memory_order_acquire);
  WatchPresence(phase, now_ns);
  ForgetGone();
  int64_t wake_ns = now_ns + kTurnNsMax;
  if (phase == Phase::kConnect) {
    wake_ns = std::min(wake_ns, ConnectTurn(now_ns));
  } else if (phase == Phase::kWarmup || phase == Phase::kMeasure) {
    if (plan_.rate_per_s > 0) {
      SendDue(now_ns);
      if (schedule_ != nullptr && budget_ > 0 && !publishers_.empty()) {
        wake_ns = std::min(wake_ns, schedule_->next_due() - kSleepNsMin);
      }
    } else if (now_ns >= shared_.clockwork.load_start_ns.load(std::memory_order_relaxed)) {
      SendFreely(now_ns);
    } else {
      wake_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed);
    }
  } else if (phase == Phase::kDrain) {
    // What was due before the end and could not go goes now: it is late, not forgotten.
    if (plan_.rate_per_s > 0 && has_publishers()) {
      SendDue(now_ns);
      wake_ns = now_ns + 1'000'000;
    } else {
      progress_.exhausted.store(true, std::memory_order_relaxed);
    }
  } else if (phase != Phase::kLeave) {
    wake_ns = std::min(wake_ns, StageTurn(phase, now_ns));
  } else if (!leaving_) {
    // Like the broker's bill: what leaving costs is not part of it.
    findings_.cpu_ns = ThreadCpuNs();
    LeaveAll(now_ns);
  } else if (now_ns >= hurry_ns_) {
    HurryUp();
  }
  if (plan_.churn.per_s > 0) wake_ns = std::min(wake_ns, ChurnTurn(phase, now_ns));
  if (reconnecting_ != nullptr && !leaving_) wake_ns = std::min(wake_ns, ReconnectTurn(now_ns));
  KeepSecond(now_ns);
  KeepBusyTime(phase);
  SendPings(now_ns);
  SweepConnecting(phase, now_ns);
  FlushAll();
  const bool has_said = !ops_.empty();
  woken_ns_ = std::max(wake_ns, now_ns);
  const auto completions = ring_->Enter(ops_, Instant{wake_ns}, completions_);
  ops_.clear();
  ++findings_.turns;
  if (completions.size() == completions_.size()) ++findings_.backlogged_turns;
  const int64_t after_ns = NowNs();
  const bool is_idle = completions.empty() && !has_said && wake_ns <= now_ns && !leaving_;
  idle_since_ns_ = is_idle ? now_ns : 0;
  for (const reactor::Completion& completion : completions) OnCompletion(completion, after_ns);
  RecordRows();
}

// Hands over the second that has passed.
void Worker::KeepSecond(int64_t now_ns) {
  const int64_t start_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed);
  if (start_ns == 0 || now_ns < start_ns) return;
  const int64_t index = leaving_ ? kNoSecond : (now_ns - start_ns) / kSecond.ns;
  if (index == second_index_) return;
  // What another thread's load led to before this one saw it begin stays for the first second.
  if (second_index_ >= 0) {
    shared_.series.Add(second_index_, second_);
    second_.Clear();
  }
  second_index_ = index;
  if (index >= 0 && shared_.board.is_open()) ShowTally(now_ns);
}

void Worker::ShowTally(int64_t now_ns) {
  if (presence_.is_watching()) findings_.off_core = presence_.Look(now_ns, CoreWaitNs(), part_);
  findings_.cpu_ns = ThreadCpuNs();
  shared_.board.Post(part_, findings_, now_ns);
}

// What connecting and draining cost says nothing of whether there was time left for the load.
void Worker::KeepBusyTime(Phase phase) {
  const bool is_load = phase == Phase::kWarmup || phase == Phase::kMeasure;
  if (load_ == Load::kNotYet && is_load) {
    load_ = Load::kUnderWay;
    findings_.load_busy_ns = findings_.idle_ns - ThreadCpuNs();
  } else if (load_ == Load::kUnderWay && !is_load) {
    load_ = Load::kOver;
    findings_.load_busy_ns += ThreadCpuNs() - findings_.idle_ns;
  }
}

// The measured phase, or all steps where these are what is measured.
void Worker::WatchPresence(Phase phase, int64_t now_ns) {
  presence_.OnTurn(now_ns, woken_ns_);
  const bool has_steps = plan_.script != Script::kTraffic || plan_.is_about_connects;
  const bool is_watched = has_steps ? phase < Phase::kLeave : phase == Phase::kMeasure;
  if (is_watched == presence_.is_watching()) return;
  if (is_watched) {
    presence_.Begin(now_ns, CoreWaitNs());
  } else {
    findings_.off_core = presence_.Look(now_ns, CoreWaitNs(), part_);
    presence_.End();
  }
}

// --- Connecting.

// When everybody begins to.
int64_t Worker::ConnectTurn(int64_t now_ns) {
  const int64_t start_ns = shared_.clockwork.step_start_ns.load(std::memory_order_acquire);
  if (start_ns == 0) return now_ns + kMillisecond.ns;
  if (now_ns < start_ns) return start_ns - kSleepNsMin;
  arrivals_.start_ns = start_ns;
  return ConnectSome(now_ns);
}

// Those who are to come, as they become due. Returns when the next one is.
int64_t Worker::ConnectSome(int64_t now_ns) {
  const bool is_storm = plan_.script == Script::kStorm;
  // Thread by thread in turns.
  const double first_ns = is_storm ? 0 : 1e9 * part_ / plan_.connects_per_s;
  const double gap_ns = is_storm ? 0 : 1e9 * plan_.threads / plan_.connects_per_s;
  const uint64_t done = DoneConnecting() - arrivals_.done_before;
  while (arrivals_.next < arrivals_.places.size()) {
    const double after_ns = first_ns + static_cast<double>(arrivals_.next) * gap_ns;
    const int64_t due_ns = arrivals_.start_ns + static_cast<int64_t>(after_ns);
    if (due_ns > now_ns) return due_ns - kSleepNsMin;
    if (!is_storm && arrivals_.next - done >= kConnectingMax) {
      arrivals_.held_ns = now_ns;
      return INT64_MAX;  // An answer wakes us.
    }
    if (due_ns > arrivals_.held_ns) {
      if (!is_storm) findings_.connect_lag.Record(now_ns - due_ns);
    } else {
      ++findings_.connects_blocked;
    }
    Begin(peers_[arrivals_.places[arrivals_.next++]], due_ns);
  }
  return INT64_MAX;
}

uint64_t Worker::DoneConnecting() const {
  return progress_.connected.load(std::memory_order_relaxed) +
         progress_.failed.load(std::memory_order_relaxed);
}

int64_t Worker::BusyNs() const { return ThreadCpuNs() - findings_.idle_ns; }

void Worker::Begin(Peer& peer, int64_t due_ns) {
  const size_t index = IndexOf(peer);
  due_ns_[index] = due_ns;
  const Target& target = TargetOf(peer);
  peer.fd = socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (peer.fd < 0) {
    End(peer, SocketFailure(errno));
    return;
  }
  ++open_;
  const int on = 1;
  setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!plan_.sources.empty() && target.address.ss_family == AF_INET) {
    // The port is chosen when it connects, so that each address has all of them.
    setsockopt(peer.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in source{};
    source.sin_family = AF_INET;
    const uint64_t turn = NumberOf(peer) / plan_.targets.size();
    source.sin_addr.s_addr = plan_.sources[turn % plan_.sources.size()];
    if (bind(peer.fd, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) < 0) {
      End(peer, absl::StrCat("bind: ", std::strerror(errno)));
      return;
    }
  }
  peer.state = PeerState::kConnecting;
  step_start_ns_[index] = NowNs();
  ops_.push_back({.code = reactor::OpCode::kConnect,
                  .fd = peer.fd,
                  .token = Token(index, OpKind::kConnect),
                  .address = &target.address,
                  .address_size_bytes = target.size_bytes});
}

void Worker::Fail(Peer& peer, std::string why) {
  if (peer.state == PeerState::kEnded) return;
  if (IsAway(peer)) {  // A fault, but it has to come back all the same.
    Complain(why);
    End(peer, std::move(why));
    return;
  }
  const bool was_ready = peer.state == PeerState::kReady;
  (was_ready ? progress_.dropped : progress_.failed).fetch_add(1, std::memory_order_relaxed);
  if (was_ready) {
    if (findings_.connections_lost++ == 0) {
      findings_.first_lost_ns = NowNs();
      findings_.loss = why;
    }
    has_gone_ = true;
  } else {
    if (findings_.connects_failed++ == 0) findings_.failure = why;
    if (churning_ != nullptr && peer.role->churns()) --churning_->connecting;
  }
  ++second_.errors;
  Complain(why);
  Leave(peer, Farewell::kShut);
}

void Worker::Complain(const std::string& why) {
  if (!leaving_ && (findings_.errors.size() < kErrorsMax || findings_.errors.contains(why))) {
    ++findings_.errors[why];
  }
}

void Worker::SendGoodbye(Peer& peer) {
  const uint8_t disconnect[2] = {0xe0, 0x00};
  // With a Session Expiry Interval of zero. 5.0 s3.14.2.2.2
  const uint8_t forget[9] = {0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0};
  const bool is_forgotten =
      HasSession(peer) && !plan_.keeps && plan_.version == ProtocolVersion::kV5;
  AppendBytes(is_forgotten ? std::span<const uint8_t>(forget) : disconnect, peer.output);
  if (peer.layers != nullptr) {
    Wrap(peer);
    transport::ByteVector goodbye;
    peer.layers->stack.Close(goodbye);
    AppendBytes(goodbye.bytes(), peer.in_send);
    peer.output.swap(peer.in_send);
  }
  // Whatever the kernel does not take at once is not worth waiting for.
  static_cast<void>(
      send(peer.fd, peer.output.data(), peer.output.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

// Ends what can be ended now; the descriptor goes with the last completion.
void Worker::Leave(Peer& peer, Farewell farewell) {
  if (peer.state == PeerState::kEnded) return;
  if (farewell == Farewell::kDisconnect && !peer.sending) SendGoodbye(peer);
  const bool connecting = peer.state == PeerState::kConnecting;
  peer.state = PeerState::kEnded;
  peer.output.clear();
  if (peer.fd < 0) {
    OnGone(peer);
    return;
  }
  const bool is_reset = farewell == Farewell::kReset && !peer.sending;
  if (is_reset) {
    // Closed like this, a connection is reset. A Unix socket just closes.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  } else {
    shutdown(peer.fd, farewell == Farewell::kDisconnect ? SHUT_WR : SHUT_RDWR);
  }
  if (connecting || (is_reset && peer.receiving)) {
    const OpKind kind = connecting ? OpKind::kConnect : OpKind::kReceive;
    ops_.push_back({.code = reactor::OpCode::kCancel,
                    .token = Token(IndexOf(peer), OpKind::kCancel),
                    .target = Token(IndexOf(peer), kind)});
  }
  if (!connecting && !peer.receiving && !peer.sending) Close(peer);
}

void Worker::Close(Peer& peer) {
  if (peer.role->has_will()) NoteCut(peer);
  close(peer.fd);
  peer.fd = -1;
  --open_;
  OnGone(peer);
}

// --- Completions.

void Worker::OnCompletion(const reactor::Completion& completion, int64_t now_ns) {
  Peer& peer = peers_[completion.token >> 2];
  const auto kind = static_cast<OpKind>(completion.token & 3);
  if (kind == OpKind::kCancel) return;
  if (kind == OpKind::kConnect) {
    if (peer.state == PeerState::kEnded || completion.result < 0) {
      const std::string why = std::strerror(-completion.result);
      if (peer.state != PeerState::kEnded) {
        peer.state = PeerState::kNew;  // Nothing is under way any more.
        End(peer, "connect: " + why);
        return;
      }
      Close(peer);
      return;
    }
    const size_t index = IndexOf(peer);
    findings_.connect_tcp.Record(now_ns - step_start_ns_[index]);
    step_start_ns_[index] = now_ns;
    if (TargetOf(peer).make_layers) {
      StartLayers(peer);
    } else {
      Greet(peer);
    }
    peer.receiving = true;
    ops_.push_back({.code = reactor::OpCode::kRecvMultishot,
                    .fd = peer.fd,
                    .token = Token(index, OpKind::kReceive)});
    return;
  }
  if (kind == OpKind::kReceive) {
    OnReceived(peer, completion, now_ns);
  } else {
    OnSent(peer, completion.result, now_ns);
  }
  if (peer.state == PeerState::kEnded && peer.fd >= 0 && !peer.receiving && !peer.sending) {
    Close(peer);
  }
}

void Worker::OnReceived(Peer& peer, const reactor::Completion& completion, int64_t now_ns) {
  if (completion.result > 0) {
    const auto bytes =
        ring_->Buffer(completion.buffer_id).first(static_cast<size_t>(completion.result));
    if (peer.state != PeerState::kEnded) {
      if (peer.layers == nullptr) {
        Read(peer, bytes, now_ns);
      } else {
        Read(peer, Unwrap(peer, bytes, now_ns), now_ns);
        const bool has_ended = peer.layers->stack.state() == transport::LayerState::kEnded;
        if (has_ended) End(peer, "the broker closed the connection");
      }
    }
    ring_->ReleaseBuffer(completion.buffer_id);
  }
  if (completion.more) return;
  peer.receiving = false;
  const bool over =
      completion.result == 0 || (completion.result < 0 && completion.result != -ENOBUFS);
  if (over) {
    End(peer, completion.result == 0
                  ? std::string("the broker closed the connection")
                  : absl::StrCat("receive: ", std::strerror(-completion.result)));
    return;
  }
  if (peer.state == PeerState::kEnded) return;
  peer.receiving = true;
  ops_.push_back({.code = reactor::OpCode::kRecvMultishot,
                  .fd = peer.fd,
                  .token = Token(IndexOf(peer), OpKind::kReceive)});
}

// Packets are read where they lie; only one that straddles two receives is copied.
void Worker::Read(Peer& peer, std::span<const uint8_t> bytes, int64_t now_ns) {
  if (!peer.partial.empty()) bytes = Complete(peer, bytes, now_ns);
  const size_t used = ReadPackets(peer, bytes, now_ns);
  if (used == bytes.size() || peer.state == PeerState::kEnded) return;
  if (!spares_.empty()) {
    peer.partial = std::move(spares_.back());
    spares_.pop_back();
  }
  AppendBytes(bytes.subspan(used), peer.partial);
}

// Reads the packet whose front is there already, if this is the rest of it. Returns what follows.
std::span<const uint8_t> Worker::Complete(Peer& peer, std::span<const uint8_t> bytes,
                                          int64_t now_ns) {
  while (!bytes.empty()) {
    const codec::FrameHead head =
        codec::ParseFrame(peer.partial, codec::kPacketSizeBytesMax, plan_.version).head;
    // Of a head that is not whole byte by byte.
    const size_t missing = head.header_size_bytes > 0 ? head.size_bytes() - peer.partial.size() : 1;
    const size_t taken = std::min(missing, bytes.size());
    AppendBytes(bytes.first(taken), peer.partial);
    bytes = bytes.subspan(taken);
    if (ReadPackets(peer, peer.partial, now_ns) == 0 && peer.state != PeerState::kEnded) continue;
    // Idle connections are many, and their buffers would be more than they are.
    peer.partial.clear();
    if (spares_.size() < kSparesMax) spares_.push_back(std::move(peer.partial));
    peer.partial = {};
    break;
  }
  return bytes;
}

// --- Sending.

// Whoever is connected says so twice within its keep alive, a few each turn. 5.0 s3.1.2.10
void Worker::SendPings(int64_t now_ns) {
  if (plan_.keep_alive_s == 0 || leaving_ || peers_.empty()) return;
  const auto count = static_cast<int64_t>(peers_.size());
  const int64_t each_ns = std::max<int64_t>(plan_.keep_alive_s * kSecond.ns / 2 / count, 1);
  if (pings_ns_ == 0) pings_ns_ = now_ns;
  for (; pings_ns_ + each_ns <= now_ns; pings_ns_ += each_ns) {
    const size_t index = next_ping_;
    next_ping_ = (next_ping_ + 1) % peers_.size();
    Peer& peer = peers_[index];
    if (peer.state != PeerState::kReady || !peer.output.empty()) continue;
    const uint8_t pingreq[2] = {0xc0, 0x00};
    AppendBytes(pingreq, peer.output);
    dirty_.push_back(index);
  }
}

void Worker::FlushAll() {
  if (dirty_.empty()) return;
  const int64_t now_ns = NowNs();
  for (const size_t index : dirty_) {
    Peer& peer = peers_[index];
    if (peer.sending || peer.state == PeerState::kEnded) continue;
    if (peer.layers != nullptr) {
      Wrap(peer);
      if (peer.in_send.empty()) continue;
    } else {
      if (peer.output.empty()) continue;
      peer.in_send.swap(peer.output);
      peer.output.clear();
    }
    peer.in_send_offset = 0;
    peer.sending = true;
    if (peer.publishing != nullptr) NoteHandedOver(peer, now_ns);
    peer.slice = {.iov_base = peer.in_send.data(), .iov_len = peer.in_send.size()};
    ops_.push_back({.code = reactor::OpCode::kSend,
                    .fd = peer.fd,
                    .token = Token(index, OpKind::kSend),
                    .slices = {&peer.slice, 1}});
  }
  dirty_.clear();
}

void Worker::OnSent(Peer& peer, int result, int64_t now_ns) {
  RMQ_CHECK(peer.sending);
  if (result < 0 && result != -EINTR && result != -EAGAIN) {
    peer.sending = false;
    End(peer, absl::StrCat("send: ", std::strerror(-result)));
    return;
  }
  const size_t sent = result > 0 ? static_cast<size_t>(result) : 0;
  peer.in_send_offset += sent;
  size_t written = sent;
  if (peer.layers != nullptr) {
    // Which bytes of MQTT have gone is known when all have.
    const bool is_all = peer.in_send_offset == peer.in_send.size();
    written = is_all ? std::exchange(peer.layers->plain_in_send, 0) : 0;
  }
  if (peer.publishing != nullptr) NoteWritten(peer, written, now_ns);
  const size_t left = peer.in_send.size() - peer.in_send_offset;
  if (left > 0 && peer.state != PeerState::kEnded) {
    peer.slice = {.iov_base = peer.in_send.data() + peer.in_send_offset, .iov_len = left};
    ops_.push_back({.code = reactor::OpCode::kSend,
                    .fd = peer.fd,
                    .token = Token(IndexOf(peer), OpKind::kSend),
                    .slices = {&peer.slice, 1}});
    return;
  }
  peer.sending = false;
  const bool is_idle = peer.publishing == nullptr;
  if (is_idle && peer.output.empty()) {
    peer.in_send = {};
    peer.output = {};
  }
  const bool has_more =
      !peer.output.empty() || (peer.layers != nullptr && !peer.layers->down.empty());
  if (has_more) dirty_.push_back(IndexOf(peer));
}

}  // namespace ringmq::load
