// Options from a URL: scheme://[user[:password]@]host[:port][/path][?key=value&...]
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "client/check_options.h"
#include "ringmq/options.h"

namespace ringmq {
namespace {

Error Bad(std::string detail) { return Error(Errc::kInvalidArgument, std::move(detail)); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of a scheme, whose letters count alike. RFC 3986 section 3.1
std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

// RFC 3986 section 2.1.
Expected<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low < 0) return Bad("'" + std::string(text) + "': % is followed by two hex digits");
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

template <typename Number>
bool ParseNumber(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// "250ms", "30s", "5m", "2h", "1d"; without a unit: seconds.
bool ParseTime(std::string_view text, std::chrono::milliseconds& time) {
  struct Unit {
    std::string_view suffix;
    int64_t ms;
  };
  static constexpr std::array<Unit, 6> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"", 1000}}};
  constexpr uint32_t kCountMax = 1'000'000'000;
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    uint32_t count = 0;
    if (!ParseNumber(text.substr(0, text.size() - unit.suffix.size()), count)) continue;
    if (count > kCountMax) return false;
    time = std::chrono::milliseconds(count * unit.ms);
    return true;
  }
  return false;
}

bool ParseSeconds(std::string_view text, uint32_t most, uint32_t& seconds) {
  std::chrono::milliseconds time{};
  if (!ParseTime(text, time)) return false;
  const int64_t whole = time.count() / 1000;
  if (whole > most) return false;
  seconds = static_cast<uint32_t>(whole);
  return true;
}

bool ParseFlag(std::string_view text, bool& flag) {
  flag = text == "1" || text == "true" || text == "yes" || text.empty();
  return flag || text == "0" || text == "false" || text == "no";
}

// One key of the query. `set` says whether the value was understood.
struct Key {
  std::string_view name;
  std::string_view expected;
  bool (*set)(std::string_view value, Options& options);
};

WillMessage& WillOf(Options& options) {
  if (!options.will.has_value()) options.will.emplace();
  return *options.will;
}

bool SetProxy(std::string_view value, Options& options);

constexpr auto kKeys = std::to_array<Key>({
    {"client_id", "text",
     [](std::string_view value, Options& options) {
       options.client_id = value;
       return true;
     }},
    {"keep_alive", "a time up to 65535s, such as 30s; 0 turns it off",
     [](std::string_view value, Options& options) {
       uint32_t seconds = 0;
       const bool ok = ParseSeconds(value, 65'535, seconds);
       options.keep_alive_s = static_cast<uint16_t>(seconds);
       return ok;
     }},
    {"version", "3, 3.1, 3.1.1, 4 or 5",
     [](std::string_view value, Options& options) {
       if (value == "5" || value == "5.0") {
         options.version = ProtocolVersion::kV5;
       } else if (value == "4" || value == "3.1.1" || value == "311") {
         options.version = ProtocolVersion::kV311;
       } else if (value == "3" || value == "3.1" || value == "31") {
         options.version = ProtocolVersion::kV31;
       } else {
         return false;
       }
       return true;
     }},
    {"session", "fresh or resume",
     [](std::string_view value, Options& options) {
       options.session = value == "resume" ? SessionStart::kResume : SessionStart::kFresh;
       return value == "resume" || value == "fresh";
     }},
    {"session_expiry", "a time such as 1h, or never",
     [](std::string_view value, Options& options) {
       if (value == "never") {
         options.session_expiry_s = UINT32_MAX;
         return true;
       }
       return ParseSeconds(value, UINT32_MAX - 1, options.session_expiry_s);
     }},
    {"connect_timeout", "a time such as 10s",
     [](std::string_view value, Options& options) {
       return ParseTime(value, options.connect_timeout);
     }},
    {"receive_maximum", "1 to 65535",
     [](std::string_view value, Options& options) {
       return ParseNumber(value, options.receive_maximum) && options.receive_maximum > 0;
     }},
    {"in_flight", "1 to 65535",
     [](std::string_view value, Options& options) {
       return ParseNumber(value, options.in_flight_max) && options.in_flight_max > 0;
     }},
    {"will_topic", "a topic",
     [](std::string_view value, Options& options) {
       WillOf(options).topic = value;
       return !value.empty();
     }},
    {"will_payload", "text",
     [](std::string_view value, Options& options) {
       WillOf(options).payload = value;
       return true;
     }},
    {"will_qos", "0, 1 or 2",
     [](std::string_view value, Options& options) {
       uint8_t qos = 0;
       const bool ok = ParseNumber(value, qos) && qos <= 2;
       if (ok) WillOf(options).qos = static_cast<Qos>(qos);
       return ok;
     }},
    {"will_retain", "true or false",
     [](std::string_view value, Options& options) {
       return ParseFlag(value, WillOf(options).retain);
     }},
    {"ca", "the path of a PEM file",
     [](std::string_view value, Options& options) {
       options.tls.ca_file = value;
       return !value.empty();
     }},
    {"cert", "the path of a PEM file",
     [](std::string_view value, Options& options) {
       options.tls.certificate_file = value;
       return !value.empty();
     }},
    {"key", "the path of a PEM file",
     [](std::string_view value, Options& options) {
       options.tls.key_file = value;
       return !value.empty();
     }},
    {"insecure", "true or false",
     [](std::string_view value, Options& options) {
       bool insecure = false;
       const bool ok = ParseFlag(value, insecure);
       options.tls.verify = !insecure;
       return ok;
     }},
    {"proxy",
     "http://host:port, https://host:port or socks5://host:port, with user:password@ if needed",
     SetProxy},
    {"proxy_ca", "the path of a PEM file, after proxy=https://...",
     [](std::string_view value, Options& options) {
       if (!options.proxy.tls.has_value()) return false;
       options.proxy.tls->ca_file = value;
       return !value.empty();
     }},
    {"proxy_insecure", "true or false, after proxy=https://...",
     [](std::string_view value, Options& options) {
       bool insecure = false;
       const bool ok = options.proxy.tls.has_value() && ParseFlag(value, insecure);
       if (ok) options.proxy.tls->verify = !insecure;
       return ok;
     }},
    {"proxy_protocol", "1 or 2",
     [](std::string_view value, Options& options) {
       options.proxy_protocol.version = value == "1" ? ProxyProtocol::kV1 : ProxyProtocol::kV2;
       return value == "1" || value == "2";
     }},
    {"proxy_source", "an IP address and a port, such as 192.0.2.7:50000",
     [](std::string_view value, Options& options) {
       options.proxy_protocol.source = value;
       return client::IsProxySource(value);
     }},
    {"io", "auto, io_uring or epoll",
     [](std::string_view value, Options& options) {
       options.io = value == "epoll"      ? IoEngine::kEpoll
                    : value == "io_uring" ? IoEngine::kUring
                                          : IoEngine::kAuto;
       return value == "auto" || value == "io_uring" || value == "epoll";
     }},
    {"bind_device", "the name of a network device",
     [](std::string_view value, Options& options) {
       options.socket.bind_device = value;
       return !value.empty();
     }},
    {"bind_address", "an IP address",
     [](std::string_view value, Options& options) {
       options.socket.bind_address = value;
       return !value.empty();
     }},
});

// Letters in common at the front: enough to find what was meant.
std::string_view NearestKey(std::string_view name) {
  std::string_view nearest = kKeys.front().name;
  size_t most = 0;
  for (const Key& key : kKeys) {
    const size_t length = std::min(key.name.size(), name.size());
    size_t same = 0;
    while (same < length && key.name[same] == name[same]) ++same;
    if (same > most) {
      most = same;
      nearest = key.name;
    }
  }
  return nearest;
}

Expected<void> ApplyQuery(std::string_view query, Options& options) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const Expected<std::string> value = Decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!value.ok()) return value.error();
    const auto* key =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& one) { return one.name == name; });
    if (key == kKeys.end()) {
      return Bad("'" + std::string(name) + "' is no option; did you mean '" +
                 std::string(NearestKey(name)) + "'?");
    }
    if (!key->set(*value, options)) {
      return Bad(std::string(name) + "=" + *value + ": expected " + std::string(key->expected));
    }
  }
  return {};
}

// The parts that every URL has.
struct Parts {
  std::string scheme;  // In small letters.
  std::string username;
  std::string password;
  bool has_username = false;
  bool has_password = false;
  std::string host;
  uint16_t port = 0;
  std::string_view path;
  std::string_view query;
};

Expected<void> SplitLogin(std::string_view login, Parts& parts) {
  const size_t colon = std::min(login.find(':'), login.size());
  const Expected<std::string> username = Decode(login.substr(0, colon));
  if (!username.ok()) return username.error();
  parts.has_username = true;
  parts.username = *username;
  if (colon == login.size()) return {};
  const Expected<std::string> password = Decode(login.substr(colon + 1));
  if (!password.ok()) return password.error();
  parts.has_password = true;
  parts.password = *password;
  return {};
}

Expected<void> SplitHost(std::string_view authority, Parts& parts) {
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return Bad("an IPv6 address ends with ']'");
    parts.host = authority.substr(1, end - 1);
    has_port = end + 1 < authority.size();
    if (has_port && authority[end + 1] != ':') return Bad("after ']' comes ':' and the port");
    if (has_port) port = authority.substr(end + 2);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    const Expected<std::string> host = Decode(authority.substr(0, colon));
    if (!host.ok()) return host.error();
    parts.host = *host;
    has_port = colon < authority.size();
    if (has_port) port = authority.substr(colon + 1);
  }
  if (has_port && (!ParseNumber(port, parts.port) || parts.port == 0)) {
    return Bad("port '" + std::string(port) + "': expected 1 to 65535");
  }
  return {};
}

Expected<Parts> Split(std::string_view url) {
  Parts parts;
  size_t separator = url.find("://");
  size_t skip = 3;
  if (separator == std::string_view::npos && Lower(url.substr(0, 5)) == "unix:") {
    separator = 4;
    skip = 1;
  }
  if (separator == std::string_view::npos) {
    return Bad("'" + std::string(url) + "' is no URL; an example: mqtt://localhost:1883");
  }
  parts.scheme = Lower(url.substr(0, separator));
  std::string_view rest = url.substr(separator + skip);
  const size_t question = std::min(rest.find('?'), rest.size());
  parts.query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  if (parts.scheme == "unix") {
    const Expected<std::string> path = Decode(rest);
    if (!path.ok()) return path.error();
    parts.host = *path;
    return parts;
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  std::string_view authority = rest.substr(0, slash);
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const Expected<void> login = SplitLogin(authority.substr(0, at), parts);
    if (!login.ok()) return login.error();
    authority.remove_prefix(at + 1);
  }
  const Expected<void> host = SplitHost(authority, parts);
  if (!host.ok()) return host.error();
  return parts;
}

bool SetProxy(std::string_view value, Options& options) {
  const Expected<Parts> parts = Split(value);
  if (!parts.ok() || parts->port == 0 || client::WhyNotHost(parts->host) != nullptr) return false;
  ProxyOptions& proxy = options.proxy;
  if (parts->scheme == "http" || parts->scheme == "https") {
    proxy.kind = ProxyKind::kHttpConnect;
    if (parts->scheme == "https") proxy.tls.emplace();
  } else if (parts->scheme == "socks5" || parts->scheme == "socks5h") {
    proxy.kind = ProxyKind::kSocks5;
  } else {
    return false;
  }
  proxy.host = parts->host;
  proxy.port = parts->port;
  proxy.username = parts->username;
  proxy.password = parts->password;
  return true;
}

Expected<Transport> TransportOf(std::string_view scheme) {
  static constexpr std::array<std::pair<std::string_view, Transport>, 7> kSchemes = {
      {{"mqtt", Transport::kTcp},
       {"tcp", Transport::kTcp},
       {"mqtts", Transport::kTls},
       {"ssl", Transport::kTls},
       {"ws", Transport::kWebSocket},
       {"wss", Transport::kWebSocketTls},
       {"unix", Transport::kUnix}}};
  for (const auto& [name, transport] : kSchemes) {
    if (name == scheme) return transport;
  }
  return Bad("scheme '" + std::string(scheme) + "': expected mqtt, mqtts, ws, wss or unix");
}

}  // namespace

Expected<Options> Options::FromUrl(std::string_view url) {
  Expected<Parts> parts = Split(url);
  if (!parts.ok()) return parts.error();
  const Expected<Transport> transport = TransportOf(parts->scheme);
  if (!transport.ok()) return transport.error();
  if (parts->host.empty()) {
    return Bad(*transport == Transport::kUnix ? "a path is needed, as in unix:///run/mqtt.sock"
                                              : "a host is needed, as in mqtt://localhost");
  }
  if (*transport != Transport::kUnix) {
    if (const char* why = client::WhyNotHost(parts->host); why != nullptr) return Bad(why);
  }
  Options options;
  Endpoint endpoint{.transport = *transport, .host = parts->host, .port = parts->port};
  const bool is_web = *transport == Transport::kWebSocket || *transport == Transport::kWebSocketTls;
  if (is_web && !parts->path.empty()) {
    endpoint.path = parts->path;
  } else if (!is_web && parts->path.size() > 1) {
    return Bad("'" + std::string(parts->path) + "': only WebSocket URLs have a path");
  }
  options.servers.push_back(std::move(endpoint));
  options.has_username = parts->has_username;
  options.username = parts->username;
  options.has_password = parts->has_password;
  options.password = parts->password;
  const Expected<void> query = ApplyQuery(parts->query, options);
  if (!query.ok()) return query.error();
  return options;
}

}  // namespace ringmq
