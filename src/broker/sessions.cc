// SPDX-License-Identifier: Apache-2.0
#include "broker/sessions.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/farewell.h"
#include "broker/interests.h"
#include "broker/retained_desk.h"
#include "broker/timers.h"

namespace ringmq::broker {

Sessions::Opened Sessions::Open(Connection& connection, Request request) {
  ClientSession* session = Find(request.client_id);
  if (session != nullptr) {
    const std::string_view owner = session->owner ? *session->owner : std::string_view();
    // Nobody gets or destroys a session by naming its client identifier.
    if (owner != request.username || session->local != request.local) return {};
    // What it subscribed to and is owed has other names behind another mount point.
    const bool begins_anew = request.clean_start || session->mount != request.mount;
    TakeOver(*session, begins_anew);
    session = Find(request.client_id);  // It may have ended with the old connection.
    if (session != nullptr && begins_anew) {
      End(*session);  // [MQTT-3.1.2-4]
      session = nullptr;
    }
  }
  const bool present = session != nullptr;
  if (!present) session = &Create(request);
  core_.wheel.Disarm(session->timer);
  session->full = false;  // What still waits is about to be sent.
  session->connection = connection.self;
  session->has_all_rights = request.has_all_rights;
  session->expiry_s = request.expiry_s;
  session->will = std::move(request.will);
  connection.session = session->self;
  core_.router.SetAvailable(session->self.Pack(), true, [this](const routing::InterestChange& c) {
    interests_.Announce(c, 0);
  });
  return {.session = session, .present = present};
}

ClientSession& Sessions::Create(const Request& request) {
  const base::Handle<ClientSession> handle =
      core_.sessions.Emplace(core_.session_limits, std::string(request.client_id));
  ClientSession& session = core_.sessions.Get(handle);
  session.self = handle;
  session.timer.cookie = MakeCookie(TimerKind::kSession, handle);
  session.mount = request.mount;
  session.local = request.local;
  session.identity = base::StableHash(request.client_id, core_.options.hash_key, 3) | 1;
  if (!request.username.empty()) session.owner = std::make_unique<std::string>(request.username);
  by_client_id_.emplace(session.client_id, handle);
  return session;
}

ClientSession* Sessions::Find(std::string_view client_id) {
  const auto it = by_client_id_.find(client_id);
  return it == by_client_id_.end() ? nullptr : &core_.sessions.Get(it->second);
}

// The old connection goes, with a word where it has one. [MQTT-3.1.4-3]
void Sessions::TakeOver(ClientSession& session, bool clean_start) {
  // Its will: a session that goes on before the delay has passed cancels it [MQTT-3.1.3-9]; one
  // that ends, because the client wants a new one or because it ends with its connection, sends
  // it now.
  const bool goes_on = !clean_start && (session.expiry_s > 0 || !session.connected());
  const bool delayed = session.will != nullptr && session.will->delay_s > 0;
  if (goes_on && (delayed || !session.connected())) session.will.reset();
  if (!session.connected()) return;
  ++core_.statistics.sessions_taken_over;
  Connection& old = core_.connections.Get(session.connection);
  Disconnect(wire_, old, ReasonCode::kSessionTakenOver);  // Detaches, through Wire::Close().
}

void Sessions::NoteDrained(ClientSession& session) {
  if (!session.full || !session.connected()) return;
  if (session.qos.queued_messages() > core_.session_limits.queued_messages_max / 2) return;
  session.full = false;
  core_.router.SetAvailable(session.self.Pack(), true, [this](const routing::InterestChange& c) {
    interests_.Announce(c, 0);
  });
}

void Sessions::Detach(Connection& connection) {
  ClientSession* const session = core_.sessions.Find(connection.session);
  connection.session = {};
  if (session == nullptr) return;
  RMQ_CHECK(session->connection == connection.self);
  session->connection = {};
  session->offline_since = core_.now;
  session->qos.OnDisconnected();
  core_.router.SetAvailable(session->self.Pack(), false, [this](const routing::InterestChange& c) {
    interests_.Announce(c, 0);
  });
  dispatcher_.retained().Wake(*session);  // There is room now: in the queue of an offline session.
  Leave(*session);
}

// [MQTT-3.1.2-8]: the will is due at the delay or at the session's end, whichever is first.
void Sessions::Leave(ClientSession& session) {
  if (session.will != nullptr && session.will->delay_s == 0) SendWill(session);
  if (session.expiry_s == 0) {
    End(session);
  } else {
    ArmTimer(session);
  }
}

void Sessions::ArmTimer(ClientSession& session) {
  Instant due = Instant::Max();
  if (session.expiry_s != kSessionNeverExpires) {
    due = session.offline_since + int64_t{session.expiry_s} * kSecond;
  }
  if (session.will != nullptr) {
    due = std::min(due, session.offline_since + int64_t{session.will->delay_s} * kSecond);
  }
  if (due != Instant::Max()) core_.wheel.Arm(session.timer, due);
}

void Sessions::OnTimer(ClientSession& session) {
  RMQ_CHECK(!session.connected());
  const Duration offline = core_.now - session.offline_since;
  if (session.will != nullptr && offline >= int64_t{session.will->delay_s} * kSecond) {
    SendWill(session);
  }
  if (session.expiry_s != kSessionNeverExpires && offline >= int64_t{session.expiry_s} * kSecond) {
    ++core_.statistics.sessions_expired;
    End(session);
  } else {
    ArmTimer(session);
  }
}

void Sessions::SendWill(ClientSession& session) {
  const std::unique_ptr<WillRecord> will = std::move(session.will);  // Once. [MQTT-3.1.2-10]
  const codec::MessageRef& kept = will->message;
  const Instant expires = will->message_expiry_s == 0
                              ? Instant::Max()
                              : core_.now + int64_t{will->message_expiry_s} * kSecond;
  codec::Publication publication({.topic = kept.topic(),
                                  .payload = kept.payload(),
                                  .forwardable = kept.properties(),
                                  .qos = kept.qos(),
                                  .retain = kept.retain(),
                                  .expires = expires,
                                  .publisher = session.identity},
                                 core_.now, core_.scratch);
  (void)dispatcher_.Publish(publication);
}

void Sessions::End(ClientSession& session) {
  RMQ_CHECK(!session.connected());
  if (session.will != nullptr) SendWill(session);
  core_.wheel.Disarm(session.timer);
  dispatcher_.retained().Cancel(session, {});
  const uint64_t subscriber = session.self.Pack();
  core_.router.UnsubscribeAll(subscriber, [this](const routing::InterestChange& change) {
    interests_.Announce(change, 0);
  });
  RedispatchShared(session);
  by_client_id_.erase(session.client_id);
  core_.sessions.Erase(session.self);
}

// What a member of a shared group leaves unacknowledged goes to another member: QoS 1 always;
// QoS 2 only when it was never sent. [MQTT-4.8.2-5]
void Sessions::RedispatchShared(ClientSession& session) {
  session.qos.ForEachUndelivered([this](const session::Undelivered& one) {
    if (one.shared_group == 0) return;
    if (one.qos == Qos::kExactlyOnce && one.sent) return;
    const routing::GroupName name = core_.router.NameOf(one.shared_group);
    if (name.filter.empty()) return;  // The group is gone from everywhere.
    dispatcher_.Redispatch({std::string(name.share_name), std::string(name.filter)}, one.message);
  });
}

void Sessions::DropUnreadable() {
  if (core_.policy.AllowsEverything()) return;
  core_.sessions.ForEach([this](base::Handle<ClientSession>, ClientSession& session) {
    const Identity who = IdentityOf(session);
    const size_t dropped = session.qos.DropQueuedIf([&](const codec::MessageRef& message) {
      return !core_.policy.MayReceive(who, message.topic());
    });
    core_.statistics.dropped[static_cast<size_t>(DropReason::kNotAuthorized)] += dropped;
  });
}

void Sessions::Audit() const {
  RMQ_CHECK(by_client_id_.size() == core_.sessions.size());
  for (const auto& [client_id, handle] : by_client_id_) {
    const ClientSession& session = core_.sessions.Get(handle);
    RMQ_CHECK(session.client_id == client_id);
    RMQ_CHECK(session.self == handle);
    session.qos.Audit();
    if (!session.connected()) continue;
    const Connection& connection = core_.connections.Get(session.connection);
    RMQ_CHECK(connection.session == handle);
    RMQ_CHECK(connection.open());
  }
}

}  // namespace ringmq::broker
