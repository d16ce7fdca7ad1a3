// SPDX-License-Identifier: Apache-2.0
#include "broker/retained_desk.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "broker/dispatcher.h"

namespace ringmq::broker {
namespace {

// One step's share of a turn: some 64 messages delivered, or 1,024 looked at.
constexpr uint32_t kMatchesPerStep = 64;
constexpr uint32_t kVisitsPerStep = 1024;
constexpr size_t kStepsPerTurn = 8;
// Replayed messages that may wait behind a client's window.
constexpr uint32_t kQueuedPerReplayMax = 512;
// Topics that a session's replays know to skip; beyond, a message may come live and replayed.
constexpr size_t kLiveTopicsMax = 10'000;
constexpr uint32_t kExpiredVisitsPerSweep = 256;

}  // namespace

void RetainedDesk::Put(codec::Publication& publication) {
  const CoreId owner = core_.RetainedOwnerOf(publication.content().topic);
  if (owner == core_.options.index) {
    Store(publication.Keep());
  } else {
    core_.outbox.Send(owner, RetainPut{codec::SharedMessage::Share(publication.Keep())});
  }
}

void RetainedDesk::OnPut(codec::MessageRef message) { Store(message); }

void RetainedDesk::Store(const codec::MessageRef& message) {
  const auto count = static_cast<int64_t>(core_.retained.count());
  const auto bytes = static_cast<int64_t>(core_.retained.bytes());
  const bool removes = message.payload().empty();
  const bool is_new = !removes && !core_.retained.Has(message.topic());
  if ((!removes && TooManyBytes(message)) || (is_new && !ReservePlace())) {
    core_.Drop(DropReason::kRetainedFull, {}, message.topic());
    core_.drops.Write(core_.now, LogLevel::kWarning,
                      "retained message for '{}' not kept: retained_messages_max or "
                      "retained_bytes_max reached",
                      message.topic());
    return;
  }
  (void)core_.retained.Put(message);
  const int64_t reserved = is_new ? 1 : 0;
  core_.shared.retained_messages.fetch_add(
      static_cast<int64_t>(core_.retained.count()) - count - reserved, std::memory_order_relaxed);
  core_.shared.retained_bytes.fetch_add(static_cast<int64_t>(core_.retained.bytes()) - bytes,
                                        std::memory_order_relaxed);
}

// Counts first and looks then, or several cores would take the last place.
bool RetainedDesk::ReservePlace() {
  const int64_t maximum = core_.config.limits.retained_messages_max;
  const int64_t before = core_.shared.retained_messages.fetch_add(1, std::memory_order_relaxed);
  if (maximum == 0 || before < maximum) return true;
  core_.shared.retained_messages.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

// Of bytes several cores may together keep one message each too many.
bool RetainedDesk::TooManyBytes(const codec::MessageRef& message) const {
  const uint64_t maximum = core_.config.limits.retained_bytes_max;
  const auto bytes = core_.shared.retained_bytes.load(std::memory_order_relaxed);
  return maximum != 0 && static_cast<uint64_t>(bytes) + message.size_bytes() > maximum;
}

void RetainedDesk::Replay(ClientSession& session, std::string_view filter, Qos qos,
                          uint32_t subscription_id) {
  const uint64_t job = next_job_++;
  auto replay = std::make_unique<ReplayState>();
  replay->session = session.self;
  replay->filter = std::string(filter);
  replay->qos = qos;
  replay->subscription_id = subscription_id;
  ++session.replays;
  MakeReady(job, *replay);
  replays_.emplace(job, std::move(replay));
}

void RetainedDesk::MakeReady(uint64_t job, ReplayState& replay) {
  if (replay.state == ReplayState::State::kReady) return;
  replay.state = ReplayState::State::kReady;
  ready_.push_back(job);
}

void RetainedDesk::Cancel(ClientSession& session, std::string_view filter) {
  if (session.replays == 0) return;
  std::vector<uint64_t> jobs;
  for (const auto& [job, replay] : replays_) {
    if (replay->session == session.self && (filter.empty() || replay->filter == filter)) {
      jobs.push_back(job);
    }
  }
  for (const uint64_t job : jobs) Finish(job);
}

void RetainedDesk::NoteLive(const ClientSession& session, std::string_view topic) {
  absl::flat_hash_set<std::string>& topics = live_topics_[session.self.Pack()];
  if (topics.size() < kLiveTopicsMax) topics.emplace(topic);
}

void RetainedDesk::Wake(ClientSession& session) {
  if (session.replays == 0 || !HasRoom(session)) return;
  for (auto& [job, replay] : replays_) {
    if (replay->session == session.self && replay->state == ReplayState::State::kWaitsForRoom) {
      MakeReady(job, *replay);
    }
  }
}

void RetainedDesk::Finish(uint64_t job) {
  const auto it = replays_.find(job);
  RMQ_CHECK(it != replays_.end());
  if (ClientSession* const session = core_.sessions.Find(it->second->session)) {
    RMQ_CHECK(session->replays > 0);
    if (--session->replays == 0) live_topics_.erase(session->self.Pack());
  } else {
    live_topics_.erase(it->second->session.Pack());
  }
  replays_.erase(it);
}

void RetainedDesk::Step() {
  for (size_t step = 0; step < kStepsPerTurn && !ready_.empty(); ++step) {
    const uint64_t job = ready_.front();
    ready_.pop_front();
    if (replays_.contains(job)) Advance(job);  // Else it was cancelled meanwhile.
  }
}

void RetainedDesk::Advance(uint64_t job) {
  ReplayState& replay = *replays_.at(job);
  replay.state = ReplayState::State::kIdle;
  ClientSession* const session = core_.sessions.Find(replay.session);
  // An offline session keeps collecting what it will be owed; one that is gone does not.
  if (session == nullptr || (!session->connected() && replay.qos == Qos::kAtMostOnce)) {
    Finish(job);
  } else if (!HasRoom(*session)) {
    replay.state = ReplayState::State::kWaitsForRoom;
    if (session->connected()) core_.connections.Get(session->connection).starved = true;
  } else {
    Ask(job, replay);
  }
}

bool RetainedDesk::HasRoom(const ClientSession& session) const {
  if (!session.connected()) return true;
  const Connection* const connection = core_.connections.Find(session.connection);
  RMQ_CHECK(connection != nullptr);
  return connection->output.pending_bytes() < connection->link.output_bytes_high &&
         session.qos.queued_messages() < kQueuedPerReplayMax;
}

void RetainedDesk::Ask(uint64_t job, ReplayState& replay) {
  if (replay.core == core_.options.index) {
    core_.retained.Match(replay.filter, replay.cursor, kVisitsPerStep, kMatchesPerStep, core_.now,
                         [&](const codec::MessageRef& message) {
                           Deliver(replay, message);
                           return true;
                         });
    MoveOn(job, replay);
    return;
  }
  replay.state = ReplayState::State::kWaitsForReply;
  auto query = std::make_unique<RetainedQuery>();
  query->job = job;
  query->filter = replay.filter;
  query->cursor = std::move(replay.cursor);
  core_.outbox.Send(replay.core, std::move(query));
}

void RetainedDesk::MoveOn(uint64_t job, ReplayState& replay) {
  if (replay.cursor.done) {
    replay.cursor = {};
    if (++replay.core == core_.options.count) {
      Finish(job);
      return;
    }
  }
  MakeReady(job, replay);
}

void RetainedDesk::Deliver(ReplayState& replay, const codec::MessageRef& message) {
  ClientSession* const session = core_.sessions.Find(replay.session);
  if (session == nullptr) return;
  const auto live = live_topics_.find(session->self.Pack());
  if (live != live_topics_.end() && live->second.contains(std::string(message.topic()))) return;
  codec::Publication publication(message, core_.now, core_.scratch);
  const std::span<const uint32_t> ids(&replay.subscription_id, replay.subscription_id != 0 ? 1 : 0);
  dispatcher_->DeliverTo(*session, publication,
                         {.qos = std::min(message.qos(), replay.qos),
                          .retain = true,  // [MQTT-3.3.1-8]
                          .subscription_ids = ids,
                          .exempt_from_queue_limit = true});
}

void RetainedDesk::OnQuery(CoreId from, std::unique_ptr<RetainedQuery> query) {
  asked_.push_back({.from = from, .settled = false, .query = std::move(query)});
}

// A query may overtake a retained message that a third core sent before: it was in its lane when
// the query arrived, so one more drain of all lanes has brought it.
void RetainedDesk::AfterDrain() {
  const size_t waiting = asked_.size();
  for (size_t i = 0; i < waiting; ++i) {
    Query query = std::move(asked_.front());
    asked_.pop_front();
    if (query.settled) {
      Answer(query.from, *query.query);
    } else {
      query.settled = true;
      asked_.push_back(std::move(query));
    }
  }
}

void RetainedDesk::Answer(CoreId from, RetainedQuery& query) {
  auto reply = std::make_unique<RetainedReply>();
  reply->job = query.job;
  reply->cursor = std::move(query.cursor);
  core_.retained.Match(query.filter, reply->cursor, kVisitsPerStep, kMatchesPerStep, core_.now,
                       [&](const codec::MessageRef& message) {
                         reply->messages.push_back(codec::SharedMessage::Share(message));
                         return true;
                       });
  core_.outbox.Send(from, std::move(reply));
}

void RetainedDesk::OnReply(std::unique_ptr<RetainedReply> reply) {
  const auto it = replays_.find(reply->job);
  if (it == replays_.end()) return;  // Cancelled.
  ReplayState& replay = *it->second;
  RMQ_CHECK(replay.state == ReplayState::State::kWaitsForReply);
  replay.state = ReplayState::State::kIdle;
  replay.cursor = std::move(reply->cursor);
  for (codec::SharedMessage& shared : reply->messages) Deliver(replay, shared.Adopt());
  MoveOn(reply->job, replay);
}

void RetainedDesk::RemoveExpired() {
  const auto count = static_cast<int64_t>(core_.retained.count());
  const auto bytes = static_cast<int64_t>(core_.retained.bytes());
  (void)core_.retained.RemoveExpired(core_.now, kExpiredVisitsPerSweep);
  core_.shared.retained_messages.fetch_add(static_cast<int64_t>(core_.retained.count()) - count,
                                           std::memory_order_relaxed);
  core_.shared.retained_bytes.fetch_add(static_cast<int64_t>(core_.retained.bytes()) - bytes,
                                        std::memory_order_relaxed);
}

}  // namespace ringmq::broker
