// Who gets a message: the receivers on this core, one member of each shared group, the other
// cores that are interested, and the retained set.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/core.h"
#include "codec/publication.h"
#include "session/session.h"

namespace ringmq::broker {

class Interests;
class RetainedDesk;

class Dispatcher {
 public:
  Dispatcher(Core& core, RetainedDesk& retained, Interests& interests)
      : core_(core), retained_(retained), interests_(interests) {}

  // A message accepted on this core: from a client, a will, or the broker itself. Returns whether
  // anybody was interested.
  bool Publish(codec::Publication& publication);

  // A message that another core accepted.
  void OnRemotePublish(RemotePublish parcel);
  void OnGroupPublish(GroupPublish parcel);

  // A message that a member of a shared group will never acknowledge: to another member.
  // [MQTT-4.8.2-5] forbids this for QoS 2 once it was sent; the caller knows.
  void Redispatch(const FilterName& group, codec::MessageRef message);

  [[nodiscard]] RetainedDesk& retained() { return retained_; }

  void DeliverTo(ClientSession& session, codec::Publication& publication,
                 const session::DeliveryOptions& options);

 private:
  bool DeliverLocally(codec::Publication& publication, const routing::Route& route);
  void DeliverToReceiver(codec::Publication& publication, const routing::Route& route,
                         const routing::Receiver& receiver);
  bool DeliverToGroup(codec::Publication& publication, routing::GroupId group);
  bool Offer(codec::Publication& publication, const routing::Pick& pick,
             std::string_view share_name, std::string_view filter,
             const base::CoreSet& tried_cores);
  void SkipIfFull(ClientSession& session);
  void Count(session::Delivered outcome, ClientSession& session, codec::Publication& publication);
  void LogDrop(DropReason reason, const ClientSession& session, std::string_view topic);

  Core& core_;
  RetainedDesk& retained_;
  Interests& interests_;
};

}  // namespace ringmq::broker
