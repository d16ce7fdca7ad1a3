// SPDX-License-Identifier: Apache-2.0
#include "broker/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/interests.h"
#include "broker/mount.h"
#include "broker/retained_desk.h"

namespace ringmq::broker {

using session::Delivered;

bool Dispatcher::Publish(codec::Publication& publication) {
  const codec::MessageContent& content = publication.content();
  if (content.retain) retained_.Put(publication);
  // A message that only clears what is retained is still an ordinary message. [MQTT-3.3.1-6]
  const routing::Route& route = core_.router.Resolve(content.topic);
  bool anybody = DeliverLocally(publication, route);
  route.remote_cores.ForEach([&](size_t core) {
    anybody = true;
    core_.outbox.Send(static_cast<CoreId>(core),
                      RemotePublish{codec::SharedMessage::Share(publication.Keep())});
  });
  for (const routing::GroupId group : route.groups) anybody |= DeliverToGroup(publication, group);
  return anybody;
}

bool Dispatcher::DeliverLocally(codec::Publication& publication, const routing::Route& route) {
  for (const routing::Receiver& receiver : route.receivers) {
    DeliverToReceiver(publication, route, receiver);
  }
  return !route.receivers.empty();
}

void Dispatcher::DeliverToReceiver(codec::Publication& publication, const routing::Route& route,
                                   const routing::Receiver& receiver) {
  ClientSession& session =
      core_.sessions.Get(base::Handle<ClientSession>::Unpack(receiver.subscriber));
  const codec::MessageContent& content = publication.content();
  Qos granted = receiver.qos;
  if (receiver.no_local && content.publisher == session.identity) {
    // [MQTT-3.8.3-3]: subscriptions with No Local do not count for one's own messages; one
    // without may overlap them.
    if (!receiver.reaches_self) return;
    granted = receiver.qos_to_self;
  }
  DeliverTo(session, publication,
            {.qos = std::min(content.qos, granted),                     // [MQTT-3.8.4-8]
             .retain = receiver.retain_as_published && content.retain,  // [MQTT-3.3.1-12]
             .subscription_ids = route.SubscriptionIds(receiver)});
}

void Dispatcher::OnRemotePublish(RemotePublish parcel) {
  codec::Publication publication(parcel.message.Adopt(), core_.now, core_.scratch);
  (void)DeliverLocally(publication, core_.router.Resolve(publication.content().topic));
}

bool Dispatcher::DeliverToGroup(codec::Publication& publication, routing::GroupId group) {
  const codec::MessageContent& content = publication.content();
  base::CoreSet tried;
  const routing::Pick pick = core_.router.PickMember(
      group, {.publisher_hash = content.publisher, .topic = content.topic, .tried_cores = tried});
  const routing::GroupName name = core_.router.NameOf(group);
  return Offer(publication, pick, name.share_name, name.filter, tried);
}

bool Dispatcher::Offer(codec::Publication& publication, const routing::Pick& pick,
                       std::string_view share_name, std::string_view filter,
                       const base::CoreSet& tried_cores) {
  switch (pick.kind) {
    case routing::Pick::Kind::kNone:
      core_.Drop(DropReason::kNoMember, {}, publication.content().topic);
      return false;
    case routing::Pick::Kind::kRemote:
      core_.outbox.Send(pick.core,
                        GroupPublish{.message = codec::SharedMessage::Share(publication.Keep()),
                                     .name = std::make_unique<FilterName>(
                                         FilterName{std::string(share_name), std::string(filter)}),
                                     .tried_cores = std::make_unique<base::CoreSet>(tried_cores)});
      return true;
    case routing::Pick::Kind::kLocal:
      break;
  }
  ClientSession& session =
      core_.sessions.Get(base::Handle<ClientSession>::Unpack(pick.member.subscriber));
  const uint32_t id = pick.subscription_id;
  DeliverTo(session, publication,
            {.qos = std::min(publication.content().qos, pick.member.qos),
             .retain = pick.member.retain_as_published && publication.content().retain,
             .subscription_ids = std::span(&id, id != 0 ? 1 : 0),
             .shared_group = pick.group});
  SkipIfFull(session);
  return true;
}

// A member whose queue is full gets nothing more of its groups until it has drained by half.
void Dispatcher::SkipIfFull(ClientSession& session) {
  if (session.full || session.qos.queued_messages() < core_.session_limits.queued_messages_max) {
    return;
  }
  session.full = true;
  core_.router.SetAvailable(session.self.Pack(), false, [this](const routing::InterestChange& c) {
    interests_.Announce(c, 0);
  });
}

// The core that was chosen chooses among its own members; if its last one has just left, the
// message goes on to a core that was not tried yet.
void Dispatcher::OnGroupPublish(GroupPublish parcel) {
  codec::Publication publication(parcel.message.Adopt(), core_.now, core_.scratch);
  base::CoreSet tried = *parcel.tried_cores;
  const codec::MessageContent& content = publication.content();
  routing::PickContext context{.publisher_hash = content.publisher, .topic = content.topic};
  routing::Pick pick =
      core_.router.PickLocal(parcel.name->share_name, parcel.name->filter, context);
  if (pick.kind == routing::Pick::Kind::kNone || pick.unavailable) {
    tried.Set(core_.options.index);
    context.tried_cores = tried;
    // Somebody here could queue it: only another core with an available member is better.
    context.available_only = pick.unavailable;
    const routing::Pick other =
        core_.router.PickNamed(parcel.name->share_name, parcel.name->filter, context);
    if (other.kind != routing::Pick::Kind::kNone || !pick.unavailable) pick = other;
  }
  (void)Offer(publication, pick, parcel.name->share_name, parcel.name->filter, tried);
}

void Dispatcher::Redispatch(const FilterName& group, codec::MessageRef message) {
  codec::Publication publication(std::move(message), core_.now, core_.scratch);
  const codec::MessageContent& content = publication.content();
  const routing::Pick pick =
      core_.router.PickNamed(group.share_name, group.filter,
                             {.publisher_hash = content.publisher, .topic = content.topic});
  (void)Offer(publication, pick, group.share_name, group.filter, {});
}

void Dispatcher::DeliverTo(ClientSession& session, codec::Publication& publication,
                           const session::DeliveryOptions& options) {
  if (!core_.policy.AllowsEverything()) {
    const Identity who = IdentityOf(session);
    if (!core_.policy.MayReceive(who, publication.content().topic)) {
      core_.Drop(DropReason::kNotAuthorized, session.client_id, publication.content().topic);
      return;
    }
  }
  if (!session.mount.empty() && !PassesMount(session.mount, publication.content().topic)) return;
  if (session.replays > 0 && publication.content().retain && !options.exempt_from_queue_limit) {
    retained_.NoteLive(session, publication.content().topic);
  }
  Connection* const connection =
      session.connected() ? &core_.connections.Get(session.connection) : nullptr;
  const Delivered outcome = session.qos.Deliver(
      publication, options, core_.now, connection != nullptr ? &connection->link : nullptr);
  Count(outcome, session, publication);
}

void Dispatcher::Count(Delivered outcome, ClientSession& session, codec::Publication& publication) {
  Statistics& statistics = core_.statistics;
  const codec::MessageContent& content = publication.content();
  switch (outcome) {
    case Delivered::kSent:
      ++statistics.publishes_sent;
      ++statistics.packets_sent;
      statistics.publish_bytes_sent += content.payload.size();
      return;
    case Delivered::kQueued:
      if (session.connected()) core_.connections.Get(session.connection).starved = true;
      return;
    case Delivered::kDroppedOffline:
      return core_.Drop(DropReason::kOffline, session.client_id, content.topic);
    case Delivered::kDroppedExpired:
      return core_.Drop(DropReason::kExpired, session.client_id, content.topic);
    case Delivered::kDroppedOutputFull:
      return LogDrop(DropReason::kOutputFull, session, content.topic);
    case Delivered::kDroppedQueueFull:
      return LogDrop(DropReason::kQueueFull, session, content.topic);
    case Delivered::kReplacedOldest:
      return LogDrop(DropReason::kOldestReplaced, session, content.topic);
    case Delivered::kDroppedTooLarge:
      return LogDrop(DropReason::kTooLarge, session, content.topic);
    case Delivered::kMustDisconnect:
      LogDrop(DropReason::kQueueFull, session, content.topic);
      if (session.connected()) {
        core_.condemned.emplace_back(session.connection, ReasonCode::kQuotaExceeded);
      }
      return;
  }
}

void Dispatcher::LogDrop(DropReason reason, const ClientSession& session, std::string_view topic) {
  static constexpr std::string_view kWhy[kDropReasonCount] = {
      "the client reads too slowly (output_bytes_max)",
      "its queue is full (queued_messages_max, queued_bytes_max)",
      "its queue is full; the oldest message made room",
      "it is larger than the client's Maximum Packet Size",
      "it expired",
      "the client is offline",
      "the client may not read it",
      "no member",
      "retained limit",
  };
  core_.Drop(reason, session.client_id, topic);
  core_.drops.Write(core_.now, LogLevel::kWarning, "message for client '{}' on '{}' dropped: {}",
                    session.client_id, topic, kWhy[static_cast<size_t>(reason)]);
}

}  // namespace ringmq::broker
