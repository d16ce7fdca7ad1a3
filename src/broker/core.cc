// SPDX-License-Identifier: Apache-2.0
#include "broker/core.h"

namespace ringmq::broker {
namespace {

session::OverflowPolicy PolicyOf(OverflowPolicy policy) {
  switch (policy) {
    case OverflowPolicy::kDropNew:
      return session::OverflowPolicy::kDropNew;
    case OverflowPolicy::kDropOldest:
      return session::OverflowPolicy::kDropOldest;
    case OverflowPolicy::kDisconnect:
      return session::OverflowPolicy::kDisconnect;
  }
  RMQ_CHECK(false);
}

routing::SharedStrategy StrategyOf(SharedStrategy strategy) {
  switch (strategy) {
    case SharedStrategy::kRoundRobin:
      return routing::SharedStrategy::kRoundRobin;
    case SharedStrategy::kRandom:
      return routing::SharedStrategy::kRandom;
    case SharedStrategy::kSticky:
      return routing::SharedStrategy::kSticky;
    case SharedStrategy::kHashClientId:
      return routing::SharedStrategy::kHashClientId;
    case SharedStrategy::kHashTopic:
      return routing::SharedStrategy::kHashTopic;
    case SharedStrategy::kLocalFirst:
      return routing::SharedStrategy::kLocalFirst;
  }
  RMQ_CHECK(false);
}

session::SessionLimits SessionLimitsOf(const LimitsConfig& limits) {
  return {.queued_messages_max = limits.queued_messages_max,
          .queued_bytes_max = limits.queued_bytes_max,
          .overflow = PolicyOf(limits.queue_overflow),
          .in_flight_max = limits.in_flight_max,
          .receive_maximum = limits.receive_maximum};
}

routing::Router::Options RouterOptionsOf(const ShardOptions& options, const MqttConfig& mqtt) {
  return {.self = options.index,
          .core_count = options.count,
          .strategy = StrategyOf(mqtt.shared_strategy),
          .overlap = mqtt.overlapping == Overlapping::kOnce
                         ? routing::Overlap::kOncePerClient
                         : routing::Overlap::kOncePerSubscription,
          .match_cache_entries_max = kMatchCacheEntriesMax,
          .seed = options.seed ^ 0x726f757465};
}

}  // namespace

Core::Core(const ShardOptions& shard_options, const Config& broker_config,
           reactor::Ring& shard_ring, CoreMesh& mesh, Shared& broker_shared,
           Authenticator& broker_authenticator, const AuthMethods& broker_auth_methods,
           Log& broker_log)
    : options(shard_options),
      config(broker_config),
      session_limits(SessionLimitsOf(config.limits)),
      ring(shard_ring),
      shared(broker_shared),
      authenticator(broker_authenticator),
      auth_methods(broker_auth_methods),
      log(broker_log),
      now(ring.Now()),
      random(options.seed),
      wheel(now),
      outbox(mesh, options.index, options.count),
      router(RouterOptionsOf(options, config.mqtt)),
      refusals(log, LimitOf(config.log)),
      peer_errors(log, LimitOf(config.log)),
      drops(log, LimitOf(config.log)) {}

}  // namespace ringmq::broker
