// SPDX-License-Identifier: Apache-2.0
#include "client/check_options.h"

#include <algorithm>
#include <string>

#include "base/ip_address.h"
#include "client/socket.h"
#include "codec/limits.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace ringmq::client {
namespace {

constexpr size_t kHostBytesMax = 255;
constexpr size_t kDeviceBytesMax = 15;  // IFNAMSIZ, less one.
constexpr uint32_t kPacketBytesMin = 64;
constexpr uint32_t kSubscriptionIdMax = 268'435'455;

Error Bad(std::string detail) { return Error(Errc::kInvalidArgument, std::move(detail)); }

bool IsText(std::string_view text) {
  return text.size() <= codec::kStringBytesMax && codec::IsValidUtf8(text);
}

// What may stand in the first line of an HTTP request.
bool IsRequestTarget(std::string_view path) {
  return path.starts_with('/') &&
         std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f; });
}

Expected<void> CheckHeaders(const Options& options) {
  for (const auto& [name, value] : options.websocket_headers) {
    const auto is_token = [](char c) {
      return c > ' ' && c < 0x7f &&
             std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
    };
    if (name.empty() || !std::ranges::all_of(name, is_token)) {
      return Bad("websocket_headers: a name has letters, digits and dashes");
    }
    const auto is_text = [](char c) { return (c >= ' ' && c != 0x7f) || c == '\t'; };
    if (!std::ranges::all_of(value, is_text)) {
      return Bad("websocket_headers: a value has no control characters");
    }
  }
  return {};
}

Expected<void> CheckServers(const Options& options) {
  if (options.servers.empty()) return Bad("servers: at least one is needed");
  for (const Endpoint& endpoint : options.servers) {
    if (Expected<void> result = CheckEndpoint(endpoint); !result.ok()) return result;
  }
  const ProxyOptions& proxy = options.proxy;
  if (proxy.kind != ProxyKind::kNone && (proxy.host.empty() || proxy.port == 0)) {
    return Bad("proxy: host and port are needed");
  }
  if (proxy.kind != ProxyKind::kNone && options.connector != nullptr) {
    return Bad("proxy: a connector goes its own way");
  }
  if (proxy.kind != ProxyKind::kNone) {
    if (const char* why = WhyNotHost(proxy.host); why != nullptr) {
      return Bad(std::string("proxy: ") + why);
    }
  }
  const ProxyProtocolOptions& header = options.proxy_protocol;
  if (!header.source.empty() && !IsProxySource(header.source)) {
    return Bad("proxy_protocol: a source is an IP address and a port, as 192.0.2.7:50000");
  }
  if (!header.source.empty() && header.version == ProxyProtocol::kOff) {
    return Bad("proxy_protocol: a source needs a version");
  }
  return {};
}

Expected<void> CheckSocket(const Options& options) {
  const SocketOptions& socket = options.socket;
  if (!socket.bind_address.empty() && !IsAddress(socket.bind_address)) {
    return Bad("socket.bind_address: an IP address, as 192.0.2.7");
  }
  const bool is_device =
      socket.bind_device.size() <= kDeviceBytesMax &&
      std::ranges::all_of(socket.bind_device, [](char c) { return c > ' ' && c != '/'; });
  if (!is_device) return Bad("socket.bind_device: a name of at most 15 letters, as eth0");
  return {};
}

Expected<void> CheckSession(const Options& options) {
  const bool is_v5 = options.version == ProtocolVersion::kV5;
  if (!IsText(options.client_id)) return Bad("client_id: UTF-8 of at most 65535 bytes");
  if (options.version == ProtocolVersion::kV31 && options.client_id.empty()) {
    return Bad("client_id: MQTT 3.1 needs one");
  }
  if (!is_v5 && options.client_id.empty() && options.session == SessionStart::kResume) {
    return Bad("client_id: without one only a fresh session is possible");  // [MQTT-3.1.3-7]
  }
  if (options.store != nullptr && options.client_id.empty()) {
    return Bad("client_id: a session store needs one");
  }
  if (!IsText(options.username)) return Bad("username: UTF-8 of at most 65535 bytes");
  if (options.password.size() > codec::kStringBytesMax) {
    return Bad("password: at most 65535 bytes");
  }
  // 3.1.1 allows no password without a user name. [MQTT-3.1.2-22 of 3.1.1]
  if (!is_v5 && options.has_password && !options.has_username) {
    return Bad("password: before MQTT 5 only with a user name");
  }
  if (const char* why = WhyNotUserProperties(options.connect_user_properties); why != nullptr) {
    return Bad(std::string("connect_user_properties: ") + why);
  }
  if (!is_v5 && options.authenticator != nullptr) return Bad("authenticator: needs MQTT 5");
  return {};
}

Expected<void> CheckWill(const Options& options) {
  if (!options.will.has_value()) return {};
  const WillMessage& will = *options.will;
  if (const char* why = WhyNotPublishable(will.topic, &will.properties); why != nullptr) {
    return Bad(std::string("will: ") + why);
  }
  if (will.payload.size() > codec::kStringBytesMax) {
    return Bad("will: a payload of at most 65535 bytes");
  }
  return {};
}

Expected<void> CheckLimits(const Options& options) {
  if (options.receive_maximum == 0) return Bad("receive_maximum: 1 to 65535");
  if (options.in_flight_max == 0) return Bad("in_flight_max: 1 to 65535");
  if (options.batch_events_max == 0) return Bad("batch_events_max: at least 1");
  if (options.outbound.messages == 0 || options.outbound.bytes == 0) {
    return Bad("outbound: at least one message and one byte");
  }
  if (options.incoming_packet_bytes_max < kPacketBytesMin) {
    return Bad("incoming_packet_bytes_max: at least 64");
  }
  if (options.connect_timeout.count() <= 0) return Bad("connect_timeout: more than zero");
  if (options.ping_timeout.count() <= 0) return Bad("ping_timeout: more than zero");
  return {};
}

}  // namespace

Expected<void> CheckOptions(const Options& options) {
  for (const auto check :
       {CheckServers, CheckHeaders, CheckSocket, CheckSession, CheckWill, CheckLimits}) {
    Expected<void> result = check(options);
    if (!result.ok()) return result;
  }
  return {};
}

Expected<void> CheckEndpoint(const Endpoint& endpoint) {
  if (endpoint.host.empty() || endpoint.host.size() > kHostBytesMax) {
    return Bad("servers: a host name has 1 to 255 bytes");
  }
  if (endpoint.transport == Transport::kUnix) return {};  // A path may hold anything.
  if (const char* why = WhyNotHost(endpoint.host); why != nullptr) {
    return Bad(std::string("servers: ") + why);
  }
  const bool is_web =
      endpoint.transport == Transport::kWebSocket || endpoint.transport == Transport::kWebSocketTls;
  if (is_web && !IsRequestTarget(endpoint.path)) {
    return Bad("servers: a path begins with / and has neither spaces nor control characters");
  }
  return {};
}

bool IsProxySource(std::string_view text) {
  const auto source = base::ParseAddressAndPort(text);
  return source.has_value() && source->port != 0;
}

const char* WhyNotHost(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return "a host name has 1 to 255 bytes";
  // RFC 3986 section 3.2.2, less what ends the host in a URL or a header; '%' stands before the
  // zone of an IPv6 address.
  const auto is_allowed = [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("\"#,/<>?@[\\]^`{|}").find(c) == std::string_view::npos;
  };
  if (!std::ranges::all_of(host, is_allowed)) {
    return "a host is a name in ASCII or an address, without spaces, control characters, / and @";
  }
  return nullptr;
}

const char* WhyNotPublishable(std::string_view topic, const PublishProperties* properties) {
  if (topic.empty()) return "the topic is empty";
  if (!IsText(topic)) return "the topic is not UTF-8 of at most 65535 bytes";
  if (!codec::IsValidTopicName(topic)) return "a topic has no wildcards";
  if (properties == nullptr) return nullptr;
  if (!IsText(properties->content_type)) return "the content type is not UTF-8";
  if (!properties->response_topic.empty() &&
      (!IsText(properties->response_topic) ||
       !codec::IsValidTopicName(properties->response_topic))) {
    return "the response topic is not a topic name";
  }
  if (properties->correlation_data.size() > codec::kStringBytesMax) {
    return "correlation data has at most 65535 bytes";
  }
  for (const auto& [name, value] : properties->user) {
    if (!IsText(name) || !IsText(value)) return "a user property is not UTF-8";
  }
  return nullptr;
}

const char* WhyNotUserProperties(const UserProperties& properties) {
  static_assert(codec::kUserPropertiesMaxDefault == 1024);
  if (properties.size() > codec::kUserPropertiesMaxDefault) return "more than 1024 user properties";
  for (const auto& [name, value] : properties) {
    if (!IsText(name) || !IsText(value)) return "a user property is not UTF-8";
  }
  return nullptr;
}

const char* WhyNotDisconnectable(const DisconnectOptions& options) {
  if (!IsText(options.reason_string)) return "the reason string is not UTF-8";
  return WhyNotUserProperties(options.user_properties);
}

const char* WhyNotSubscribable(const SubscriptionRequest& request) {
  if (!IsText(request.filter)) return "the topic filter is not UTF-8 of at most 65535 bytes";
  if (!codec::IsValidSubscriptionFilter(request.filter)) return "not a topic filter";
  if (request.no_local && codec::IsSharedFilter(request.filter)) {
    return "no local is not for shared subscriptions";  // [MQTT-3.8.3-4]
  }
  if (request.id > kSubscriptionIdMax) return "a subscription identifier is at most 268435455";
  return nullptr;
}

}  // namespace ringmq::client
