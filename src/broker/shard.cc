// SPDX-License-Identifier: Apache-2.0
#include "broker/shard.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/farewell.h"
#include "broker/memory.h"
#include "broker/timers.h"

namespace ringmq::broker {
namespace {

constexpr Duration kHousekeepingInterval = 250 * kMillisecond;

// What std::visit calls for each kind of parcel.
template <typename... Fns>
struct Overloaded : Fns... {
  using Fns::operator()...;
};
template <typename... Fns>
Overloaded(Fns...) -> Overloaded<Fns...>;

}  // namespace

Shard::Shard(const ShardOptions& options, const Config& config, reactor::Ring& ring, CoreMesh& mesh,
             Shared& shared, Authenticator& authenticator, const AuthMethods& auth_methods,
             Log& log)
    : core_(options, config, ring, mesh, shared, authenticator, auth_methods, log),
      mesh_(mesh),
      wire_(core_, protocol_),
      retained_(core_),
      interests_(core_),
      dispatcher_(core_, retained_, interests_),
      sessions_(core_, wire_, dispatcher_, interests_),
      gate_(core_, wire_, sessions_),
      subscriptions_(core_, wire_, interests_, retained_),
      sys_topics_(core_, dispatcher_),
      protocol_(core_, wire_, gate_, sessions_, dispatcher_, subscriptions_, retained_) {
  retained_.Bind(dispatcher_);
  housekeeping_.cookie = MakeCookie(TimerKind::kHousekeeping);
  core_.wheel.Arm(housekeeping_, core_.now + kHousekeepingInterval);
  sys_timer_.cookie = MakeCookie(TimerKind::kSys);
  if (options.index == 0 && config.mqtt.sys_interval_s > 0) core_.wheel.Arm(sys_timer_, core_.now);
}

Shard::~Shard() {
  // The ring is gone or forgotten by now: what was in flight will never complete.
  core_.wheel.Disarm(housekeeping_);
  core_.wheel.Disarm(sys_timer_);
  wire_.Abandon();
  core_.sessions.ForEach([this](base::Handle<ClientSession>, ClientSession& session) {
    core_.wheel.Disarm(session.timer);
  });
}

void Shard::SetPolicy(AccessPolicy policy) {
  core_.policy = std::move(policy);
  sessions_.DropUnreadable();
}

Instant Shard::TurnDeadline(Duration wait_max) {
  const bool work_waits = wire_.has_dirty() || retained_.busy() || !core_.outbox.empty() ||
                          (protocol_.has_paused() && protocol_.may_resume());
  // While other cores' lanes are full, or memory is, there is nothing to do but look again soon.
  if (work_waits) return core_.outbox.blocked() ? core_.now + kMillisecond : Instant{};
  if (!mesh_.PrepareSleep(core_.options.index)) return Instant{};
  return std::min(
      {core_.wheel.NextDeadline(), core_.now + wait_max, stop_deadline_, wire_.NextAdmission()});
}

void Shard::Turn(Duration wait_max) {
  const Instant deadline = TurnDeadline(wait_max);
  const std::span<const reactor::Completion> completions =
      core_.ring.Enter(core_.ops, deadline, completions_);
  mesh_.Awake(core_.options.index);
  core_.ops.clear();
  core_.now = core_.ring.Now();
  for (const reactor::Completion& completion : completions) wire_.OnCompletion(completion);
  wire_.ServePipes();
  wire_.ServeAdmission();
  wire_.ServeHandshakes();
  DrainLanes();
  gate_.CollectVerdicts();
  FireTimers();
  retained_.Step();
  EndCondemned();
  core_.outbox.Flush();
  protocol_.ResumePaused();
  wire_.FlushDirty();
  core_.outbox.Flush();
}

void Shard::DrainLanes() {
  if (core_.options.count == 1) {
    retained_.AfterDrain();
    return;
  }
  // Everything that is there when a lane's turn comes, which AfterDrain() relies on.
  core_.statistics.parcels_received +=
      mesh_.Drain(core_.options.index, SIZE_MAX,
                  [this](CoreId from, Parcel&& parcel) { OnParcel(from, std::move(parcel)); });
  retained_.AfterDrain();
}

void Shard::OnParcel(CoreId from, Parcel&& parcel) {
  std::visit(
      Overloaded{
          [](std::monostate) { RMQ_CHECK(false); },
          [&](RemotePublish& publish) { dispatcher_.OnRemotePublish(std::move(publish)); },
          [&](GroupPublish& publish) { dispatcher_.OnGroupPublish(std::move(publish)); },
          [&](RetainPut& put) { retained_.OnPut(put.message.Adopt()); },
          [&](InterestUpdate& update) { interests_.OnUpdate(from, std::move(update)); },
          [&](InterestAck& ack) { subscriptions_.OnInterestAck(ack.job); },
          [&](std::unique_ptr<HandOff>& hand_off) { gate_.OnHandOff(std::move(hand_off)); },
          [&](std::unique_ptr<RetainedQuery>& query) { retained_.OnQuery(from, std::move(query)); },
          [&](std::unique_ptr<RetainedReply>& reply) { retained_.OnReply(std::move(reply)); },
          [&](StatisticsQuery& query) {
            core_.outbox.Send(from, std::make_unique<StatisticsReply>(StatisticsReply{
                                        .round = query.round, .statistics = Snapshot()}));
          },
          [&](std::unique_ptr<StatisticsReply>& reply) { sys_topics_.OnReply(*reply); },
      },
      parcel);
}

void Shard::FireTimers() {
  core_.wheel.Expire(core_.now, [this](base::TimerNode& node) {
    const Cookie cookie = ReadCookie(node.cookie);
    switch (cookie.kind) {
      case TimerKind::kConnection:
        return protocol_.OnTimer(core_.connections.Get(HandleIn<Connection>(cookie)));
      case TimerKind::kSession:
        return sessions_.OnTimer(core_.sessions.Get(HandleIn<ClientSession>(cookie)));
      case TimerKind::kHousekeeping:
        return Housekeep();
      case TimerKind::kSys:
        sys_topics_.Begin(Snapshot());
        core_.wheel.Arm(sys_timer_,
                        core_.now + int64_t{core_.config.mqtt.sys_interval_s} * kSecond);
        return;
    }
  });
}

void Shard::EndCondemned() {
  // Ending one may condemn another, through its will: those are appended behind.
  for (size_t i = 0; i < core_.condemned.size(); ++i) {
    const auto [handle, reason] = core_.condemned[i];
    if (Connection* const connection = core_.connections.Find(handle)) {
      Disconnect(wire_, *connection, reason);
    }
  }
  core_.condemned.clear();
}

void Shard::Housekeep() {
  retained_.RemoveExpired();
  core_.refusals.Flush(core_.now);
  core_.peer_errors.Flush(core_.now);
  core_.drops.Flush(core_.now);
  if (core_.connections.size() == 0) core_.chunks.Trim();
  if (core_.options.index == 0) WatchMemory();
  core_.wheel.Arm(housekeeping_, core_.now + kHousekeepingInterval);
}

// The whole process against its budget; publishers pause until it has fallen by a sixteenth.
void Shard::WatchMemory() {
  const uint64_t maximum = core_.config.server.memory_bytes_max;
  if (maximum == 0) return;
  const uint64_t resident = ResidentBytes().value_or(0);
  const bool was_full = core_.shared.memory_full.load(std::memory_order_relaxed);
  const bool is_full = resident > (was_full ? maximum - maximum / 16 : maximum);
  core_.shared.memory_full.store(is_full, std::memory_order_relaxed);
  if (is_full && !was_full) {
    core_.log.Warning("memory_bytes_max reached: {} bytes resident; publishers pause", resident);
  } else if (was_full && !is_full) {
    core_.log.Info("memory is below memory_bytes_max again: {} bytes resident", resident);
  }
}

void Shard::BeginStop(Duration time_max) {
  if (stopping_) return;
  stopping_ = true;
  stop_deadline_ = core_.now + time_max;
  wire_.StopListening();
  protocol_.DisconnectAll();
}

bool Shard::stopped() const {
  if (!stopping_) return false;
  const bool all_closed = core_.connections.size() == 0 && !wire_.listening();
  return all_closed || core_.now >= stop_deadline_;
}

bool Shard::idle() const {
  return core_.outbox.empty() && !retained_.busy() && subscriptions_.jobs() == 0 &&
         !wire_.has_dirty();
}

Statistics Shard::Snapshot() const {
  Statistics statistics = core_.statistics;
  statistics.sessions = static_cast<int64_t>(core_.sessions.size());
  statistics.connections = wire_.open_count();
  statistics.subscriptions = static_cast<int64_t>(core_.router.subscriptions());
  statistics.shared_subscriptions = static_cast<int64_t>(core_.router.shared_subscriptions());
  statistics.retained_messages = static_cast<int64_t>(core_.retained.count());
  statistics.retained_bytes = static_cast<int64_t>(core_.retained.bytes());
  return statistics;
}

void Shard::Audit() const {
  sessions_.Audit();
  core_.router.Audit();
}

}  // namespace ringmq::broker
