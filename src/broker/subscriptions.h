// SUBSCRIBE and UNSUBSCRIBE: into the router, out to the other cores, and back as SUBACK.
//
// A SUBACK leaves only when every other core has acknowledged the new interest: whoever sees it
// may tell a publisher on any core to publish, and will receive it. The retained messages are
// asked for after that, so that one published meanwhile arrives as live or as retained.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "broker/core.h"
#include "broker/interests.h"
#include "broker/retained_desk.h"
#include "broker/wire.h"
#include "codec/filter_list.h"

namespace ringmq::broker {

class Subscriptions {
 public:
  // SUBSCRIBEs of one connection that wait for other cores; more make its reading pause.
  static constexpr uint8_t kJobsPerConnectionMax = 64;

  Subscriptions(Core& core, Wire& wire, Interests& interests, RetainedDesk& retained)
      : core_(core), wire_(wire), interests_(interests), retained_(retained) {}

  // Requires: the connection is open.
  void OnSubscribe(Connection& connection, const codec::Subscribe& subscribe);
  void OnUnsubscribe(Connection& connection, const codec::Unsubscribe& unsubscribe);
  void OnInterestAck(uint64_t job);

  [[nodiscard]] size_t jobs() const { return jobs_.size(); }

 private:
  struct Replay {
    std::string filter;
    Qos qos = Qos::kAtMostOnce;
  };
  struct Job {
    base::Handle<Connection> connection;
    base::Handle<ClientSession> session;
    codec::PacketId packet_id = 0;
    uint32_t subscription_id = 0;
    uint32_t acks_missing = 0;  // Of other cores, and of jobs it follows.
    std::vector<ReasonCode> reasons = {};
    std::vector<Replay> replays = {};
    std::vector<std::string> announced = {};  // Filters whose announcement is this job's.
    std::vector<uint64_t> followers = {};     // Jobs that wait for those announcements.
  };

  ReasonCode SubscribeOne(ClientSession& session, const codec::Subscription& wanted,
                          uint64_t job_id, Job& job);
  [[nodiscard]] ReasonCode Check(const ClientSession& session, std::string_view full_filter,
                                 std::string_view filter) const;
  void AwaitInterest(const std::string& full_filter, bool announces, uint64_t job_id, Job& job);
  void OnAckMissingNoMore(uint64_t job_id, std::vector<uint64_t>& acknowledged);
  void Finish(Job& job);

  Core& core_;
  Wire& wire_;
  Interests& interests_;
  RetainedDesk& retained_;
  absl::flat_hash_map<uint64_t, Job> jobs_;
  // Filters that not all other cores know yet, and the job that told them: whoever subscribes to
  // one meanwhile waits for that job too.
  absl::flat_hash_map<std::string, uint64_t> announcing_;
  uint64_t next_job_ = 1;
};

}  // namespace ringmq::broker
