// SPDX-License-Identifier: Apache-2.0
#include "broker/subscriptions.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/farewell.h"
#include "broker/mount.h"
#include "codec/filter_list.h"
#include "codec/frame_writer.h"
#include "codec/topic.h"

namespace ringmq::broker {
namespace {

struct SplitFilter {
  std::string_view share_name;  // Empty: not shared.
  std::string_view filter;
};

SplitFilter Split(std::string_view full_filter) {
  if (const auto shared = codec::ParseSharedFilter(full_filter)) {
    return {shared->share_name, shared->filter};
  }
  return {{}, full_filter};
}

}  // namespace

void Subscriptions::OnSubscribe(Connection& connection, const codec::Subscribe& subscribe) {
  ClientSession& session = core_.sessions.Get(connection.session);
  const uint64_t job_id = next_job_++;
  Job job{.connection = connection.self,
          .session = session.self,
          .packet_id = subscribe.packet_id,
          .subscription_id = subscribe.subscription_id};
  job.reasons.reserve(subscribe.filter_count);
  // One answer per filter, in their order. [MQTT-3.8.4-6] [MQTT-3.9.3-1]
  for (const codec::Subscription& wanted :
       codec::SubscribeFilters(subscribe, connection.link.version)) {
    job.reasons.push_back(SubscribeOne(session, wanted, job_id, job));
  }
  if (job.acks_missing == 0) {
    Finish(job);
    return;
  }
  ++connection.jobs;
  jobs_.emplace(job_id, std::move(job));
}

ReasonCode Subscriptions::SubscribeOne(ClientSession& session, const codec::Subscription& wanted,
                                       uint64_t job_id, Job& job) {
  std::string mounted;
  const std::string_view full_filter =
      session.mount.empty() ? wanted.filter : MountFilter(session.mount, wanted.filter, mounted);
  const auto [share_name, filter] = Split(full_filter);
  const ReasonCode refusal = Check(session, full_filter, filter);
  if (refusal != ReasonCode::kSuccess) return refusal;

  codec::SubscriptionOptions options = wanted.options;
  options.qos = std::min(options.qos, core_.connections.Get(job.connection).qos_max);
  // An equal filter replaces the old subscription, without a gap. [MQTT-3.8.4-3] [MQTT-3.8.4-4]
  const routing::Router::SubscribeResult result =
      core_.router.Subscribe(session.self.Pack(), {.share_name = share_name,
                                                   .filter = filter,
                                                   .options = options,
                                                   .subscription_id = job.subscription_id});
  if (core_.options.events != nullptr) {
    core_.options.events->OnSubscribed(session.client_id, full_filter, options.qos);
  }
  if (result.interest_changed) {
    interests_.Announce(result.change, job_id);
    job.acks_missing += interests_.acks_per_announcement();
  }
  AwaitInterest(std::string(full_filter), result.interest_changed, job_id, job);
  // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; shared ones get none. 5.0 s4.8.2.
  const bool replay = share_name.empty() &&
                      (options.retain_handling == RetainHandling::kSend ||
                       (options.retain_handling == RetainHandling::kSendIfNew && result.is_new));
  if (replay) job.replays.push_back({.filter = std::string(filter), .qos = options.qos});
  return static_cast<ReasonCode>(options.qos);  // [MQTT-3.8.4-7]
}

// SUBACK must not leave before every core knows of the interest, even if it was another client's
// SUBSCRIBE, a moment ago, that told them.
void Subscriptions::AwaitInterest(const std::string& full_filter, bool announces, uint64_t job_id,
                                  Job& job) {
  if (announces) {
    announcing_[full_filter] = job_id;
    job.announced.push_back(full_filter);
    return;
  }
  const auto it = announcing_.find(full_filter);
  if (it == announcing_.end() || it->second == job_id) return;
  jobs_.at(it->second).followers.push_back(job_id);
  ++job.acks_missing;
}

ReasonCode Subscriptions::Check(const ClientSession& session, std::string_view full_filter,
                                std::string_view filter) const {
  const LimitsConfig& limits = core_.config.limits;
  if (full_filter.size() > limits.topic_size_bytes_max ||
      codec::TopicLevelCount(filter) > limits.topic_levels_max) {
    return ReasonCode::kTopicFilterInvalid;
  }
  if (core_.router.SubscriptionCount(session.self.Pack()) >= limits.subscriptions_per_session_max) {
    return ReasonCode::kQuotaExceeded;
  }
  if (core_.policy.AllowsEverything()) return ReasonCode::kSuccess;
  const Identity who = IdentityOf(session);
  return core_.policy.MaySubscribe(who, full_filter) ? ReasonCode::kSuccess
                                                     : ReasonCode::kNotAuthorized;
}

void Subscriptions::OnInterestAck(uint64_t job_id) {
  std::vector<uint64_t> acknowledged = {job_id};
  while (!acknowledged.empty()) {
    const uint64_t next = acknowledged.back();
    acknowledged.pop_back();
    OnAckMissingNoMore(next, acknowledged);
  }
}

// Takes one acknowledgement off; appends those who waited for the job.
void Subscriptions::OnAckMissingNoMore(uint64_t job_id, std::vector<uint64_t>& acknowledged) {
  const auto it = jobs_.find(job_id);
  RMQ_CHECK(it != jobs_.end());
  RMQ_CHECK(it->second.acks_missing > 0);
  if (--it->second.acks_missing > 0) return;
  Job job = std::move(it->second);
  jobs_.erase(it);
  for (const std::string& filter : job.announced) {
    // Unsubscribed and subscribed again meanwhile: a later job's by now.
    if (const auto entry = announcing_.find(filter);
        entry != announcing_.end() && entry->second == job_id) {
      announcing_.erase(entry);
    }
  }
  acknowledged.insert(acknowledged.end(), job.followers.begin(), job.followers.end());
  if (Connection* const connection = core_.connections.Find(job.connection)) {
    RMQ_CHECK(connection->jobs > 0);
    --connection->jobs;
  }
  Finish(job);
}

void Subscriptions::Finish(Job& job) {
  Connection* const connection = core_.connections.Find(job.connection);
  if (connection == nullptr || !connection->open()) return;  // It has to subscribe again.
  ClientSession* const session = core_.sessions.Find(job.session);
  RMQ_CHECK(session != nullptr);
  codec::Suback suback;
  suback.packet_id = job.packet_id;  // [MQTT-3.8.4-2]
  suback.reasons = job.reasons;
  (void)codec::WritePacket(suback, connection->link.version, connection->link.maximum_packet_size,
                           *connection);
  ++core_.statistics.packets_sent;
  for (const Replay& replay : job.replays) {
    retained_.Cancel(*session, replay.filter);  // Subscribed twice: once is enough.
    retained_.Replay(*session, replay.filter, replay.qos, job.subscription_id);
  }
}

void Subscriptions::OnUnsubscribe(Connection& connection, const codec::Unsubscribe& unsubscribe) {
  ClientSession& session = core_.sessions.Get(connection.session);
  std::vector<ReasonCode> reasons;
  reasons.reserve(unsubscribe.filter_count);
  std::string mounted;
  for (const std::string_view wanted : codec::UnsubscribeFilters(unsubscribe)) {
    const std::string_view full_filter =
        session.mount.empty() ? wanted : MountFilter(session.mount, wanted, mounted);
    const auto [share_name, filter] = Split(full_filter);
    // Compared character by character. [MQTT-3.10.4-1] Nothing new is added from here on; what is
    // on its way may arrive. [MQTT-3.10.4-2] [MQTT-3.10.4-3]
    const routing::Router::UnsubscribeResult result =
        core_.router.Unsubscribe(session.self.Pack(), share_name, filter);
    if (result.interest_changed) interests_.Announce(result.change, 0);
    if (result.existed && core_.options.events != nullptr) {
      core_.options.events->OnUnsubscribed(session.client_id, full_filter);
    }
    if (share_name.empty()) retained_.Cancel(session, filter);
    reasons.push_back(result.existed ? ReasonCode::kSuccess : ReasonCode::kNoSubscriptionExisted);
  }
  codec::Unsuback unsuback;
  unsuback.packet_id = unsubscribe.packet_id;  // [MQTT-3.10.4-4] [MQTT-3.10.4-5]
  unsuback.reasons = reasons;
  (void)codec::WritePacket(unsuback, connection.link.version, connection.link.maximum_packet_size,
                           connection);
  ++core_.statistics.packets_sent;
}

}  // namespace ringmq::broker
