// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include <algorithm>

#include "numbers.h"

namespace ringmq::cli {
namespace {

constexpr size_t kHostBytesMax = 255;
constexpr uint16_t kSocksPort = 1080;
constexpr uint16_t kHttpProxyPort = 8080;

struct Parts {
  std::string scheme;  // In small letters.
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;
  std::string_view host;
  std::optional<std::string_view> port;
  std::optional<std::string_view> path;  // Without its first slash.
};

// What stands before `mark`, which is taken away with it; nothing if there is no mark.
std::optional<std::string_view> TakeUntil(std::string_view& text, size_t mark, size_t size = 1) {
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, mark);
  text.remove_prefix(mark + size);
  return before;
}

Expected<Parts> Split(std::string_view url) {
  Parts parts;
  const auto scheme = TakeUntil(url, url.find("://"), 3);
  if (!scheme) return Bad("the scheme is missing");
  parts.scheme = *scheme;
  for (char& letter : parts.scheme) {  // RFC 3986 s3.1
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter | 0x20);
  }
  std::string_view authority = url;
  if (const auto before = TakeUntil(url, url.find('/'))) {
    authority = *before;
    parts.path = url;
  }
  // The last '@': a password may hold one.
  if (auto user = TakeUntil(authority, authority.rfind('@'))) {
    if (const auto name = TakeUntil(*user, user->find(':'))) {
      parts.username = *name;
      parts.password = *user;
    } else {
      parts.username = *user;
    }
  }
  if (authority.starts_with('[')) {
    const auto host = TakeUntil(authority, authority.find(']'));
    if (!host) return Bad("']' is missing after the address");
    parts.host = host->substr(1);
    if (!authority.empty() && authority[0] != ':') return Bad("only a port may follow ']'");
    if (!authority.empty()) parts.port = authority.substr(1);
  } else if (const auto host = TakeUntil(authority, authority.find(':'))) {
    parts.host = *host;
    parts.port = authority;
  } else {
    parts.host = authority;
  }
  return parts;
}

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A '%' that two hexadecimal digits do not follow is itself.
std::string Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
                         HexValue(text[i + 2]) >= 0;
    if (is_code) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Expected<uint16_t> PortOf(const Parts& parts, uint16_t otherwise) {
  if (!parts.port) return otherwise;
  const std::optional<uint16_t> port = ParsePort(*parts.port);
  if (!port) return Bad("'" + std::string(*parts.port) + "' is not a port (1 to 65535)");
  return *port;
}

std::optional<Transport> TransportOf(std::string_view scheme) {
  if (scheme == "mqtt") return Transport::kTcp;
  if (scheme == "mqtts") return Transport::kTls;
  if (scheme == "ws") return Transport::kWebSocket;
  if (scheme == "wss") return Transport::kWebSocketTls;
  if (scheme == "unix") return Transport::kUnix;
  return std::nullopt;
}

}  // namespace

Expected<void> CheckHost(std::string_view host) {
  if (host.empty()) return Bad("the host is missing");
  if (host.size() > kHostBytesMax) return Bad("a host has at most 255 bytes");
  const bool is_clean = std::ranges::all_of(host, [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("\"#,/<>?@[\\]^`{|}").find(c) == std::string_view::npos;
  });
  if (is_clean) return {};
  return Bad(
      "a host is a name in ASCII or an address, without spaces, control characters, / and @");
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  const std::optional<int> port = ParseNumber(text, 1, 65535);
  return port ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

Expected<ServerUrl> ParseServerUrl(std::string_view url) {
  Expected<Parts> split = Split(url);
  if (!split.ok()) return split.error();
  const Parts& parts = *split;
  const std::optional<Transport> transport = TransportOf(parts.scheme);
  if (!transport) {
    return Bad("'" + parts.scheme + "' is none of mqtt, mqtts, ws, wss, unix");
  }
  ServerUrl server{.endpoint = {.transport = *transport, .host = std::string(parts.host)}};
  if (parts.username) server.username = Decoded(*parts.username);
  if (parts.password) server.password = Decoded(*parts.password);
  if (*transport == Transport::kUnix) {
    if (parts.path) server.endpoint.host += "/" + std::string(*parts.path);
    if (server.endpoint.host.empty()) return Bad("the path of the socket is missing");
    return server;
  }
  const Expected<void> host = CheckHost(parts.host);
  if (!host.ok()) return host.error();
  const Expected<uint16_t> port = PortOf(parts, 0);
  if (!port.ok()) return port.error();
  server.endpoint.port = *port;
  const bool is_ws = *transport == Transport::kWebSocket || *transport == Transport::kWebSocketTls;
  if (!is_ws && parts.path) server.topic = *parts.path;
  if (is_ws && parts.path) server.endpoint.path = "/" + std::string(*parts.path);
  return server;
}

Expected<ProxyOptions> ParseProxyUrl(std::string_view url) {
  Expected<Parts> split = Split(url);
  if (!split.ok()) return split.error();
  const Parts& parts = *split;
  ProxyOptions proxy;
  if (parts.scheme == "socks5h" || parts.scheme == "socks5") {
    proxy.kind = ProxyKind::kSocks5;
  } else if (parts.scheme == "http" || parts.scheme == "https") {
    proxy.kind = ProxyKind::kHttpConnect;
    if (parts.scheme == "https") proxy.tls.emplace();
  } else {
    return Bad("'" + parts.scheme + "' is neither socks5h nor http nor https");
  }
  const Expected<void> host = CheckHost(parts.host);
  if (!host.ok()) return host.error();
  const Expected<uint16_t> port =
      PortOf(parts, proxy.kind == ProxyKind::kSocks5 ? kSocksPort : kHttpProxyPort);
  if (!port.ok()) return port.error();
  proxy.host = parts.host;
  proxy.port = *port;
  if (parts.username) proxy.username = Decoded(*parts.username);
  if (parts.password) proxy.password = Decoded(*parts.password);
  return proxy;
}

}  // namespace ringmq::cli
