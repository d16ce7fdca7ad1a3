// Retained messages across cores: each topic's is kept by one core, which therefore knows which
// one was accepted last; a subscription asks all of them, in bounded steps.
//
// A replay walks the cores one after the other. From each it gets a batch of messages and a
// cursor, delivers the batch, and asks for more when the client has taken it: a large set neither
// floods a connection nor counts against its queue limit, and is never cut.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/ring_queue.h"
#include "broker/core.h"

namespace ringmq::broker {

class Dispatcher;

class RetainedDesk {
 public:
  explicit RetainedDesk(Core& core) : core_(core) {}
  void Bind(Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }

  // Keeps the publication (or clears, if it is empty) at the topic's core. [MQTT-3.3.1-5]
  void Put(codec::Publication& publication);
  void OnPut(codec::MessageRef message);

  // Sends what is retained for the subscription. Requires: all cores know the interest.
  void Replay(ClientSession& session, std::string_view filter, Qos qos, uint32_t subscription_id);
  // Unsubscribed; an empty filter means all of them.
  void Cancel(ClientSession& session, std::string_view filter);
  // A retained message has just reached the session as a live one: a replay under way skips the
  // topic, so that it does not come twice.
  void NoteLive(const ClientSession& session, std::string_view topic);
  // The client took something: replays that waited for room may go on.
  void Wake(ClientSession& session);

  void OnQuery(CoreId from, std::unique_ptr<RetainedQuery> query);
  void OnReply(std::unique_ptr<RetainedReply> reply);

  // Once a turn, after all lanes were drained to where they were when the turn began.
  void AfterDrain();
  // A bounded part of the replays that can go on. Once a turn.
  void Step();
  [[nodiscard]] bool busy() const { return !ready_.empty() || !asked_.empty(); }

  void RemoveExpired();

 private:
  struct ReplayState {
    base::Handle<ClientSession> session;
    std::string filter;
    Qos qos = Qos::kAtMostOnce;
    uint32_t subscription_id = 0;
    CoreId core = 0;  // The one being asked.
    enum class State : uint8_t { kIdle, kReady, kWaitsForReply, kWaitsForRoom };
    State state = State::kIdle;
    routing::RetainedStore::Cursor cursor;
  };
  struct Query {
    CoreId from = 0;
    bool settled = false;  // A whole drain has passed since it came.
    std::unique_ptr<RetainedQuery> query;
  };

  void MakeReady(uint64_t job, ReplayState& replay);
  void Advance(uint64_t job);
  void Ask(uint64_t job, ReplayState& replay);
  void MoveOn(uint64_t job, ReplayState& replay);
  void Finish(uint64_t job);
  [[nodiscard]] bool HasRoom(const ClientSession& session) const;
  void Deliver(ReplayState& replay, const codec::MessageRef& message);
  void Answer(CoreId from, RetainedQuery& query);
  [[nodiscard]] bool ReservePlace();
  [[nodiscard]] bool TooManyBytes(const codec::MessageRef& message) const;
  void Store(const codec::MessageRef& message);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  // By the order in which they began, which is also that in which they are woken: the order of a
  // hash table differs from process to process, and a simulation must not.
  absl::btree_map<uint64_t, std::unique_ptr<ReplayState>> replays_;
  base::RingQueue<uint64_t> ready_;
  base::RingQueue<Query> asked_;
  uint64_t next_job_ = 1;
  // By session (packed handle), while it has replays.
  absl::flat_hash_map<uint64_t, absl::flat_hash_set<std::string>> live_topics_;
};

}  // namespace ringmq::broker
