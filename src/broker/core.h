// Everything that the parts of one shard share: the memory, time and ways out of one core.
//
// Made by the shard, referenced by its parts, touched by one thread only. It has no behaviour of
// its own: what is done with it is in wire, gate, sessions, dispatcher, subscriptions, retained.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/random.h"
#include "base/slab.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "broker/acl.h"
#include "broker/auth.h"
#include "broker/client_session.h"
#include "broker/config.h"
#include "broker/connection.h"
#include "broker/enhanced_auth.h"
#include "broker/event_sink.h"
#include "broker/kernel_tls.h"
#include "broker/log.h"
#include "broker/outbox.h"
#include "broker/parcel.h"
#include "broker/peer_identity.h"
#include "broker/rate_limit.h"
#include "broker/statistics.h"
#include "broker/tunnel.h"
#include "codec/publication.h"
#include "reactor/ring.h"
#include "routing/retained.h"
#include "routing/router.h"
#include "transport/chunk_pool.h"

namespace ringmq::broker {

// Topics whose receivers a core remembers: some 200 bytes each and their receivers.
inline constexpr uint32_t kMatchCacheEntriesMax = 16'384;

// The few numbers that all shards of one broker look at. Relaxed: each is a limit, not a lock.
struct Shared {
  std::atomic<int64_t> connections{0};
  std::array<std::atomic<int64_t>, kListenersMax> of_listener{};  // Of them, by listener.
  std::array<RateLimit, kListenersMax> connection_rates{};        // By listener; see admission.h.
  std::array<RateLimit, kListenersMax> handshake_rates{};         // Likewise.
  std::atomic<int64_t> retained_messages{0};
  std::atomic<int64_t> retained_bytes{0};
  std::atomic<bool> memory_full{false};  // Publishers pause while it is set.
};

// What a shard is made from. Everything referenced outlives the shard.
struct ShardOptions {
  CoreId index = 0;
  CoreId count = 1;
  uint64_t seed = 0;            // Of everything random on this core.
  uint64_t hash_key = 0;        // The same on all cores: client identifier -> home core.
  EventSink* events = nullptr;  // Null: nobody wants to know.
};

// The core that keeps the sessions of a client identifier.
[[nodiscard]] inline CoreId HomeOf(std::string_view client_id, uint64_t hash_key, CoreId count) {
  return static_cast<CoreId>(base::StableHash(client_id, hash_key, 1) % count);
}

struct Core {
  Core(const ShardOptions& options, const Config& config, reactor::Ring& ring, CoreMesh& mesh,
       Shared& shared, Authenticator& authenticator, const AuthMethods& auth_methods, Log& log);

  [[nodiscard]] CoreId HomeOf(std::string_view client_id) const {
    return broker::HomeOf(client_id, options.hash_key, options.count);
  }
  // The core that keeps the retained message of a topic.
  [[nodiscard]] CoreId RetainedOwnerOf(std::string_view topic) const {
    return static_cast<CoreId>(base::StableHash(topic, options.hash_key, 2) % options.count);
  }

  // Of the client of a connection.
  [[nodiscard]] ClientLimits LimitsOf(const Connection& connection) const {
    const bool is_link = connection.pipe != nullptr;
    return ClientLimitsOf(config, is_link ? nullptr : &config.listeners[connection.listener]);
  }

  // Counts it, and tells whoever embeds the broker.
  void Drop(DropReason reason, std::string_view client_id, std::string_view topic) {
    statistics.Drop(reason);
    if (options.events != nullptr) options.events->OnDropped(client_id, topic, reason);
  }

  // Constant after construction.
  const ShardOptions options;
  const Config config;
  const session::SessionLimits session_limits;
  reactor::Ring& ring;
  Shared& shared;
  Authenticator& authenticator;
  const AuthMethods& auth_methods;
  Log& log;

  // This core only.
  Instant now;
  base::Random random;
  AccessPolicy policy = AccessPolicy::AllowEverything();
  MakeTunnel make_tunnel;  // Null: plain MQTT everywhere.
  SocketLookup socket_lookup;
  KernelTls kernel_tls;
  base::TimerWheel wheel;
  transport::ChunkPool chunks;
  codec::PublicationScratch scratch;
  std::string mounted_topic;  // Of the PUBLISH at hand; kept for its memory.
  Outbox outbox;
  routing::Router router;
  routing::RetainedStore retained;
  base::Slab<Connection> connections;
  base::Slab<ClientSession> sessions;
  Statistics statistics;
  RateLimitedLog refusals;       // Connections that were not accepted.
  RateLimitedLog peer_errors;    // Malformed packets and protocol errors.
  RateLimitedLog drops;          // Messages that did not reach a receiver.
  std::vector<reactor::Op> ops;  // For the next Enter().
  // Connections to end after the present packet is dealt with: ending one may publish a will,
  // which must not happen in the middle of another publication.
  std::vector<std::pair<base::Handle<Connection>, ReasonCode>> condemned;
};

}  // namespace ringmq::broker
