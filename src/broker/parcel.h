// What one core may say to another.
//
// Parcels are moved, never shared; the messages in them are immutable (codec::SharedMessage).
// Every lane is first in, first out, which the protocols below rely on:
//
//   HandOff          acceptor -> home core        a connection whose CONNECT names a session there
//   InterestUpdate   core -> every other core     "I have (no more) subscribers of this filter"
//   InterestAck      back                         "whatever I publish from now on reaches you"
//   RemotePublish    core -> interested core      deliver among your plain subscribers
//   GroupPublish     core -> chosen core          deliver to one member of this shared group
//   RetainPut        core -> owner of the topic   the newest retained message (or its removal)
//   RetainedQuery    core -> every core           the next few retained messages for a filter
//   RetainedReply    back
//   StatisticsQuery  first core -> every core     for $SYS
//   StatisticsReply  back
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/core_set.h"
#include "base/time.h"
#include "broker/statistics.h"
#include "broker/tunnel.h"
#include "codec/message.h"
#include "mesh/mesh.h"
#include "routing/retained.h"
#include "transport/peer_facts.h"

namespace ringmq::broker {

using mesh::CoreId;

struct HandOff {
  int fd = -1;
  uint32_t listener = 0;  // Index into Config::listeners.
  Instant accepted;
  std::vector<uint8_t> bytes;  // Everything read so far: CONNECT and what came behind it.
  std::unique_ptr<Tunnel> tunnel;
  std::unique_ptr<transport::PeerFacts> facts;
};

// The filter that a parcel is about; on the heap, so that lanes stay narrow.
struct FilterName {
  std::string share_name;  // Empty: not shared.
  std::string filter;
};

struct InterestUpdate {
  std::unique_ptr<FilterName> name;
  uint32_t member_count = 0;
  uint64_t job = 0;  // Zero: no acknowledgement wanted.
};

struct InterestAck {
  uint64_t job = 0;
};

struct RemotePublish {
  codec::SharedMessage message;
};

struct GroupPublish {
  codec::SharedMessage message;
  std::unique_ptr<FilterName> name;
  std::unique_ptr<base::CoreSet> tried_cores;
};

struct RetainPut {
  codec::SharedMessage message;
};

struct RetainedQuery {
  uint64_t job = 0;
  std::string filter;
  routing::RetainedStore::Cursor cursor;
};

struct RetainedReply {
  uint64_t job = 0;
  std::vector<codec::SharedMessage> messages;
  routing::RetainedStore::Cursor cursor;
};

struct StatisticsQuery {
  uint64_t round = 0;
};

struct StatisticsReply {
  uint64_t round = 0;
  Statistics statistics;
};

using Parcel =
    std::variant<std::monostate, RemotePublish, GroupPublish, RetainPut, InterestUpdate,
                 InterestAck, std::unique_ptr<HandOff>, std::unique_ptr<RetainedQuery>,
                 std::unique_ptr<RetainedReply>, StatisticsQuery, std::unique_ptr<StatisticsReply>>;

static_assert(sizeof(Parcel) <= 40, "lanes are arrays of parcels");

using CoreMesh = mesh::Mesh<Parcel>;

}  // namespace ringmq::broker
