// SPDX-License-Identifier: Apache-2.0
#include "broker/embed_options.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "broker/config_file.h"

namespace ringmq::broker {
namespace {

AllowAnonymous AnonymousOf(Anonymous anonymous) {
  switch (anonymous) {
    case Anonymous::kOnLoopback:
      return AllowAnonymous::kOnLoopback;
    case Anonymous::kAlways:
      return AllowAnonymous::kAlways;
    case Anonymous::kNever:
      return AllowAnonymous::kNever;
  }
  RMQ_CHECK(false);
}

Transport TransportOf(BrokerTransport transport) {
  switch (transport) {
    case BrokerTransport::kTcp:
      return Transport::kTcp;
    case BrokerTransport::kWebSocket:
      return Transport::kWebSocket;
    case BrokerTransport::kAny:
      return Transport::kAny;
  }
  RMQ_CHECK(false);
}

template <typename To, typename From>
void Override(To& key, const std::optional<From>& option) {
  if (option.has_value()) key = *option;
}

void OverrideAll(Config& config, const BrokerOptions& options) {
  Override(config.server.threads, options.threads);
  Override(config.auth.password_file, options.password_file);
  Override(config.auth.acl_file, options.acl_file);
  Override(config.mqtt.sys_interval_s, options.sys_interval_s);
  Override(config.limits.connections_max, options.connections_max);
  Override(config.limits.packet_size_bytes_max, options.packet_size_bytes_max);
  Override(config.limits.queued_messages_max, options.queued_messages_max);
  Override(config.limits.queued_bytes_max, options.queued_bytes_max);
  Override(config.server.memory_bytes_max, options.memory_bytes_max);
  Override(config.limits.retained_messages_max, options.retained_messages_max);
  if (options.stop_timeout.has_value()) {
    constexpr int64_t kMax = std::numeric_limits<uint32_t>::max();
    config.server.stop_timeout_ms = static_cast<uint32_t>(
        std::clamp<int64_t>(options.stop_timeout->count(), 0, kMax));  // Validate() is stricter.
  }
  for (const BrokerUser& user : options.users) {
    config.users.push_back({.name = user.name, .password_hash = {}, .password = user.password});
  }
  if (!options.listeners.empty()) config.listeners.clear();
  for (const BrokerListener& listener : options.listeners) {
    config.listeners.push_back({.address = listener.address,
                                .port = listener.port,
                                .transport = TransportOf(listener.transport),
                                .allow_anonymous = AnonymousOf(listener.allow_anonymous)});
  }
}

Error Invalid(const absl::Status& status) {
  return Error(Errc::kInvalidArgument, std::string(status.message()));
}

}  // namespace

Expected<Config> ConfigOf(const BrokerOptions& options) {
  auto config = ParseConfig("configuration", options.configuration);
  if (!config.ok()) return Invalid(config.status());
  OverrideAll(*config, options);
  if (const absl::Status status = Validate(*config); !status.ok()) return Invalid(status);
  // Only now: a daemon without a listener is of no use to anybody, and Validate() says so.
  if (options.links_only) config->listeners.clear();
  return *std::move(config);
}

LogLevel LevelOf(BrokerLogLevel level) {
  switch (level) {
    case BrokerLogLevel::kDebug:
      return LogLevel::kDebug;
    case BrokerLogLevel::kInfo:
      return LogLevel::kInfo;
    case BrokerLogLevel::kWarning:
      return LogLevel::kWarning;
    case BrokerLogLevel::kError:
      return LogLevel::kError;
  }
  RMQ_CHECK(false);
}

BrokerLogLevel PublicLevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return BrokerLogLevel::kDebug;
    case LogLevel::kInfo:
      return BrokerLogLevel::kInfo;
    case LogLevel::kWarning:
      return BrokerLogLevel::kWarning;
    case LogLevel::kError:
      return BrokerLogLevel::kError;
  }
  RMQ_CHECK(false);
}

}  // namespace ringmq::broker
